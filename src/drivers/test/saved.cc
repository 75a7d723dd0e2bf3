#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "drivers/test/handlers.h"
#include "guests/start.h"
#include "loop/pool.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"
#include "rpc/codec/stream.h"

/// What clients have a simulated guest written to: files with the peer's head, and a picture of its screen.
namespace innkeeper::test {

namespace {

/// With the NUL behind it. In a saved image the length of the definition follows, least byte first, and the definition.
constexpr std::string_view magic("TestGuestMagic", 15);
constexpr std::size_t head_size = magic.size() + 4;
constexpr std::size_t largest_image = 16 << 20;

/// A small checkered PNG: there is no screen.
constexpr unsigned char picture[] = {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49,
                                     0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x30, 0x01, 0x00,
                                     0x00, 0x00, 0x00, 0x89, 0x30, 0x41, 0xb2, 0x00, 0x00, 0x00, 0x14, 0x49, 0x44,
                                     0x41, 0x54, 0x78, 0xda, 0x63, 0x08, 0x85, 0x02, 0x86, 0x55, 0x50, 0xc0, 0x30,
                                     0x2a, 0x32, 0x88, 0x45, 0x00, 0x4a, 0x30, 0xbf, 0x41, 0x31, 0x3b, 0xa6, 0xe0,
                                     0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

std::string image_of(const std::string& document) {
    std::string image(magic);
    for (unsigned shift = 0; shift < 32; shift += 8) image += static_cast<char>(document.size() >> shift & 0xff);
    return image + document;
}

/// The definition in a saved image.
std::string document_in(const std::string& image) {
    if (!image.starts_with(magic)) throw Error(ErrorCode::internal_error, "mismatched header magic");
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4 && magic.size() + i < image.size(); ++i)
        length |= static_cast<std::size_t>(static_cast<unsigned char>(image[magic.size() + i])) << (8 * i);
    if (length < 1 || length > largest_image) throw Error(ErrorCode::internal_error, "length of metadata out of range");
    if (image.size() < head_size + length) throw Error(ErrorCode::internal_error, "incomplete metadata");
    return image.substr(head_size, length);
}

Task<> send_picture(std::shared_ptr<rpc::Stream> stream) {
    co_await stream->write(std::string(reinterpret_cast<const char*>(picture), sizeof picture));
    co_await stream->finish_writing();
    co_await stream->finished();
    stream->complete();
}

class Saved : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainSave>(*this, &Saved::save);
        table.add<wire::DomainSaveFlags>(*this, &Saved::save_with_flags);
        table.add<wire::DomainRestore>(*this, &Saved::restore);
        table.add<wire::DomainRestoreFlags>(*this, &Saved::restore_with_flags);
        table.add<wire::DomainSaveImageGetXmlDesc>(*this, &Saved::image_xml);
        table.add<wire::DomainSaveImageDefineXml>(*this, &Saved::image_define);
        table.add<wire::DomainCoreDump>(*this, &Saved::core_dump);
        table.add<wire::DomainCoreDumpWithFormat>(*this, &Saved::core_dump_with_format);
        table.add<wire::DomainScreenshot>(*this, &Saved::screenshot);
    }

  private:
    static void refuse_modification(const std::optional<std::string>& document) {
        if (document) throw Error(ErrorCode::argument_unsupported, "xml modification unsupported");
    }
    static Task<> write(std::string path, std::string content) {
        co_await in_pool([path, content] { write_volatile_file(path, content); });
    }
    static Task<std::string> read(std::string path) {
        auto image = co_await in_pool([path] { return read_file(path, head_size + largest_image); });
        if (!image) throw Error::system(ENOENT, fmt::format("cannot read domain image '{}'", path));
        co_return document_in(*image);
    }

    Task<> save(Caller, wire::DomainSaveArgs args) { co_await save_to(find(args.dom), std::move(args.to)); }
    Task<> save_with_flags(Caller, wire::DomainSaveFlagsArgs args) {
        check_flags(args.flags, 0, "DomainSaveFlags");
        refuse_modification(args.dxml);
        co_await save_to(find(args.dom), std::move(args.to));
    }
    Task<> save_to(GuestPtr guest, std::string path) {
        const auto turn = co_await guest->turn("save");
        guests::require_active(*guest);
        co_await write(std::move(path),
                       image_of(model::format_domain(*guest->live(), {.inactive = true, .secure = true})));
        guest->ended(guests::Shutoff::saved);
    }

    Task<> restore(Caller, wire::DomainRestoreArgs args) { co_await restore_from(std::move(args.from)); }
    Task<> restore_with_flags(Caller, wire::DomainRestoreFlagsArgs args) {
        check_flags(args.flags, 0, "DomainRestoreFlags");
        refuse_modification(args.dxml);
        co_await restore_from(std::move(args.from));
    }
    Task<> restore_from(std::string path) {
        const std::string document = co_await read(path);
        guests::SavedImage image;
        image.definition = co_await driver().complete(model::parse_domain(document), guests::Purpose::restore);
        co_await guests::restore(guests_, std::move(path), std::move(image), {});
    }

    Task<wire::DomainSaveImageGetXmlDescRet> image_xml(Caller, wire::DomainSaveImageGetXmlDescArgs args) {
        check_flags(args.flags, VIR_DOMAIN_SAVE_IMAGE_XML_SECURE, "DomainSaveImageGetXMLDesc");
        const std::string document = co_await read(std::move(args.file));
        const bool secure = (args.flags & VIR_DOMAIN_SAVE_IMAGE_XML_SECURE) != 0;
        co_return wire::DomainSaveImageGetXmlDescRet{
            model::format_domain(model::parse_domain(document), {.inactive = true, .secure = secure})};
    }
    Task<> image_define(Caller, wire::DomainSaveImageDefineXmlArgs args) {
        check_flags(args.flags, VIR_DOMAIN_SAVE_RUNNING | VIR_DOMAIN_SAVE_PAUSED, "DomainSaveImageDefineXML");
        co_await read(args.file);
        const auto def = co_await driver().complete(model::parse_domain(args.dxml), guests::Purpose::restore);
        co_await write(std::move(args.file), image_of(model::format_domain(*def, {.inactive = true, .secure = true})));
    }

    Task<> core_dump(Caller, wire::DomainCoreDumpArgs args) {
        co_await dump(find(args.dom), std::move(args.to), VIR_DOMAIN_CORE_DUMP_FORMAT_RAW, args.flags);
    }
    Task<> core_dump_with_format(Caller, wire::DomainCoreDumpWithFormatArgs args) {
        co_await dump(find(args.dom), std::move(args.to), args.dumpformat, args.flags);
    }
    Task<> dump(GuestPtr guest, std::string path, std::uint32_t format, std::uint32_t flags) {
        check_flags(flags, VIR_DUMP_CRASH, "DomainCoreDumpWithFormat");
        const auto turn = co_await guest->turn("dump");
        guests::require_active(*guest);
        co_await write(std::move(path), std::string(magic));
        if (format != VIR_DOMAIN_CORE_DUMP_FORMAT_RAW)
            throw Error(ErrorCode::operation_unsupported, "kdump-compressed format is not supported here");
        if ((flags & VIR_DUMP_CRASH) != 0) guest->ended(guests::Shutoff::crashed);
    }

    wire::DomainScreenshotRet screenshot(const Caller& caller, const wire::DomainScreenshotArgs& args) {
        check_flags(args.flags, 0, "DomainScreenshot");
        find(args.dom);
        guests_.background().spawn(send_picture(caller.session->open_stream(*caller.row, caller.serial, false)));
        return {"image/png"};
    }
};

}  // namespace

Installed install_saved(guests::Guests& guests, rpc::HandlerTable& table) {
    return guests::install_group<Saved>(guests, table);
}

}  // namespace innkeeper::test
