// The bytes of a connection, as a daemon reads them: messages are cut out, headers survive decoding and encoding, and
// the arguments of known procedures that decode encode to bytes that decode to the same value.
#include <cstdint>
#include <cstdlib>
#include <map>

#include "base/error.h"
#include "rpc/codec/frame.h"
#include "rpc/codec/sampler.h"

namespace {

using namespace innkeeper;

const rpc::TypeSample* arguments_of(const protocol::Program& program, const protocol::Procedure& row) {
    static const auto types = rpc::type_samples();
    static const auto by_name = [] {
        std::map<std::pair<std::string_view, std::string>, const rpc::TypeSample*> map;
        for (const auto& type : types) map[{type.program, std::string(type.name)}] = &type;
        return map;
    }();
    const auto at = by_name.find({program.name, std::string(row.name) + "_args"});
    return at == by_name.end() ? nullptr : at->second;
}

void check_message(std::string_view message) {
    rpc::XdrReader in(message.substr(rpc::frame_length_size));
    const rpc::MessageHeader header = rpc::decode_header(in);
    std::string again;
    rpc::FrameWriter frame(again, header);
    frame.put_raw(in.rest());
    frame.finish();
    if (again != message) std::abort();

    const protocol::Program* program = protocol::find_program(header.prog);
    if (program == nullptr) return;
    const protocol::Procedure* row = program->find(header.proc);
    if (row == nullptr) return;
    const rpc::TypeSample* type = arguments_of(*program, *row);
    if (type == nullptr) return;
    std::string once;
    try {
        once = type->recode(in.rest());
    } catch (const Error&) {
        return;
    }
    if (type->recode(once) != once) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view stream(reinterpret_cast<const char*>(data), size);
    while (stream.size() >= rpc::frame_length_size) {
        const auto length = rpc::frame_length(stream.substr(0, rpc::frame_length_size));
        if (!length || *length > stream.size()) return 0;
        check_message(stream.substr(0, *length));
        stream.remove_prefix(*length);
    }
    return 0;
}
