#include <gtest/gtest.h>

#include <fmt/format.h>

#include <optional>
#include <string>

#include "base/error.h"
#include "model/domain/domain.h"
#include "objects/subjects.h"

namespace innkeeper::guests {
namespace {

/// Whoever is asked hears the name that the definition will have: a document may not show two of them.
TEST(Described, IsCalledAsTheWholeDocumentSays) {
    for (const std::string inside :
         {"<name>a</name><name>b</name>", "<title/><name>a</name><memory>1024</memory><name>b</name>",
          "<name>a<![CDATA[<]]>&#x62;&amp;</name>", "<name><!-- c -->a<?b c?>d</name>", "<name>a<x/>b</name>",
          "<name>a<x>b</x>c</name>", "<name> a </name>", "<x><name>b</name></x><name>a</name>",
          "<name>a</name><uuid>11111111-2222-3333-4444-555555555551</uuid><uuid>11111111-2222-3333-4444-555555555552</"
          "uuid>",
          "<name>a</name><uuid><x>1</x>1111111-2222-3333-4444-555555555551</uuid>"}) {
        const auto text = fmt::format(
            "<domain type='qemu' name='no'>{}<memory>1024</memory><os><type>hvm</type></os></domain>", inside);
        std::optional<model::DomainDef> def;
        std::optional<protocol::Subject> subject;
        try {
            def = model::parse_domain(text);
        } catch (const Error&) {
        }
        try {
            subject = objects::described("domain", text, "domain", "(domain_definition)");
        } catch (const Error&) {
        }
        // What one refuses the other need not read.
        if (!def || !subject) continue;
        EXPECT_EQ(def->name, subject->name) << text;
        if (def->uuid != Uuid{}) EXPECT_EQ(def->uuid, subject->uuid) << text;
    }
}

TEST(Described, IsRefusedWhereItIsNoDocument) {
    for (const std::string text : {"", "<domain", "<pool><name>a</name></pool>", "<domain><name>a</name></domain><x/>",
                                   "<domain><name>a</name><uuid>1</uuid></domain>"})
        EXPECT_THROW(objects::described("domain", text, "domain", "(domain_definition)"), Error) << text;
}

}  // namespace
}  // namespace innkeeper::guests
