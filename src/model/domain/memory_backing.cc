#include "model/domain/memory_backing.h"

#include "xml/amount.h"
#include "xml/parts.h"

namespace innkeeper::model {

namespace {

/// The size is an attribute with its unit in another one beside it.
void read_page_size(const xml::Node& node, HugePage& page, const xml::ParseFlags&) {
    page.size_kib = xml::convert_amount(page.size_kib, node.attribute("unit").value_or("KiB"), "KiB");
}
void write_page_unit(const HugePage&, xml::Writer& writer) { writer.attribute("unit", "KiB"); }

const auto page_element = xml::describe<HugePage>(
    "page", xml::attribute("size", &HugePage::size_kib).required().at_least(1),
    xml::by_hand(read_page_size, write_page_unit).holds("@unit"), xml::attribute("nodeset", &HugePage::nodeset));

}  // namespace

const xml::Element<MemoryBacking> memory_backing_element = xml::describe<MemoryBacking>(
    "memoryBacking",
    xml::by_hand<MemoryBacking>([](const xml::Node& node, MemoryBacking& backing,
                                   const xml::ParseFlags&) { backing.hugepages = bool(node.child("hugepages")); },
                                [](const MemoryBacking& backing, xml::Writer& writer) {
                                    if (backing.hugepages && backing.pages.empty()) writer.leaf("hugepages");
                                }),
    xml::child("hugepages", xml::children(&MemoryBacking::pages, page_element)),
    xml::flag("nosharepages", &MemoryBacking::no_share_pages), xml::flag("locked", &MemoryBacking::locked),
    xml::child("source", xml::attribute("type", &MemoryBacking::source)),
    xml::child("access", xml::attribute("mode", &MemoryBacking::access)),
    xml::child("allocation", xml::attribute("mode", &MemoryBacking::allocation),
               xml::attribute("threads", &MemoryBacking::allocation_threads).at_least(1)),
    xml::flag("discard", &MemoryBacking::discard));

}  // namespace innkeeper::model
