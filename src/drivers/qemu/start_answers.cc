#include "drivers/qemu/start_answers.h"

#include <boost/json/array.hpp>
#include <string_view>

namespace innkeeper::qemu {

namespace json = boost::json;

namespace {

std::string text(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

std::map<std::string, std::string> terminals(const QmpReply& reply) {
    std::map<std::string, std::string> found;
    if (!reply || !reply->is_array()) return found;
    for (const auto& item : reply->get_array()) {
        if (!item.is_object()) continue;
        const auto file = text(item.get_object(), "filename");
        if (file.starts_with("pty:")) found[text(item.get_object(), "label")] = file.substr(4);
    }
    return found;
}

std::set<std::string, std::less<>> opened(const QmpReply& reply) {
    std::set<std::string, std::less<>> labels;
    if (!reply || !reply->is_array()) return labels;
    for (const auto& item : reply->get_array()) {
        if (!item.is_object()) continue;
        const json::value* is_open = item.get_object().if_contains("frontend-open");
        if (is_open != nullptr && is_open->is_bool() && is_open->get_bool())
            labels.insert(text(item.get_object(), "label"));
    }
    return labels;
}

std::vector<pid_t> vcpu_threads(const QmpReply& reply) {
    std::vector<pid_t> threads;
    if (!reply || !reply->is_array()) return threads;
    for (const auto& item : reply->get_array()) {
        if (!item.is_object()) continue;
        const json::value* index = item.get_object().if_contains("cpu-index");
        const json::value* thread = item.get_object().if_contains("thread-id");
        if (index == nullptr || thread == nullptr || !index->is_int64() || !thread->is_int64()) continue;
        const auto number = static_cast<std::size_t>(index->get_int64());
        if (number > 4096) continue;
        if (threads.size() <= number) threads.resize(number + 1);
        threads[number] = static_cast<pid_t>(thread->get_int64());
    }
    return threads;
}

std::vector<std::string> device_ids(const QmpReply& reply) {
    std::vector<std::string> ids;
    if (!reply || !reply->is_array()) return ids;
    for (const auto& item : reply->get_array())
        if (item.is_object() && text(item.get_object(), "type").starts_with("child<"))
            ids.push_back(text(item.get_object(), "name"));
    return ids;
}

}  // namespace innkeeper::qemu
