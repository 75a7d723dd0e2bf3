#include "xml/writer.h"

#include <gtest/gtest.h>

namespace innkeeper::xml {

TEST(Writer, ClosesAnEmptyElementInItself) {
    Writer writer;
    writer.open("disk");
    writer.attribute("type", "it's");
    writer.leaf("readonly");
    writer.leaf("serial", "a<b");
    writer.close();
    EXPECT_EQ(std::move(writer).take(), "<disk type='it&apos;s'>\n  <readonly/>\n  <serial>a&lt;b</serial>\n</disk>\n");
}

TEST(Writer, WritesBlanksSoThatTheyAreReadAgain) {
    Writer writer;
    writer.open("a");
    writer.attribute("b", "1\r\n\t2");
    writer.text("1\r\n\t2");
    writer.close();
    EXPECT_EQ(std::move(writer).take(), "<a b='1&#13;&#10;&#9;2'>1&#13;\n\t2</a>\n");
}

TEST(Writer, LeavesOutWhatStaysEmpty) {
    Writer writer;
    writer.open("a");
    writer.open_if_filled("b");
    writer.open_if_filled("c");
    writer.close();
    writer.close();
    writer.close();
    EXPECT_EQ(std::move(writer).take(), "<a/>\n");
}

TEST(Writer, IndentsTheLayoutOfAFragmentAndNotItsText) {
    Writer writer;
    writer.open("a");
    writer.fragment("<b>\n  <c>one\n  two</c>\n  <d>t <e/>\n<f>\n</f></d>\n  <g/>\n</b>\n");
    writer.close();
    EXPECT_EQ(std::move(writer).take(),
              "<a>\n  <b>\n    <c>one\n  two</c>\n    <d>t <e/>\n<f>\n</f></d>\n    <g/>\n  </b>\n</a>\n");
}

TEST(Writer, MakesAllThatWaitAppearWithTheFirstContent) {
    Writer writer;
    writer.open_if_filled("a");
    writer.open_if_filled("b");
    writer.attribute("x", "1");
    writer.close();
    writer.close();
    EXPECT_EQ(std::move(writer).take(), "<a>\n  <b x='1'/>\n</a>\n");
}

}  // namespace innkeeper::xml
