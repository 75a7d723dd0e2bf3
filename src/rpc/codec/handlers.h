#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "loop/task.h"
#include "rpc/codec/caller.h"
#include "rpc/codec/procedure.h"
#include "rpc/codec/xdr.h"

/// The handlers of a driver, by procedure. A driver adds them by the procedure's tag:
///
///     table.add<protocol::remote::DomainGetInfo>(*this, &Guests::domain_get_info);
///
/// A handler is a member function of one of the shapes
///
///     Ret f(const Caller& caller, const Args& args);     answered in the turn that read the call
///     Task<Ret> f(Caller caller, Args args);             a coroutine, which may wait
///
/// with void for a procedure without results, and without the second parameter for one without arguments. Decoding, the
/// right to write and the reply's encoding are done around it.
namespace innkeeper::rpc {

/// Refuses what a read-only connection may not call: Error(operation_denied), before the handler sees anything.
void check_access(const Caller& caller, const protocol::Procedure& row, protocol::AccessValues arguments);

/// What a procedure without a handler answers.
Error unsupported(const protocol::Procedure& row);
/// What a number without a procedure answers, and a program that is not offered.
Error unknown_procedure(std::int32_t procedure);
Error unknown_program(std::uint32_t program, std::uint32_t version);

class Handler {
  public:
    using Invoke = std::function<std::optional<Task<>>(const Caller&, XdrReader&, XdrWriter&)>;

    Handler() = default;
    Handler(const protocol::Procedure& row, Invoke invoke) : row_(&row), invoke_(std::move(invoke)) {}

    const protocol::Procedure& row() const { return *row_; }
    explicit operator bool() const { return row_ != nullptr; }

    /// Decodes the arguments, checks the right to call, and calls. Returns nothing when the results are in `ret`
    /// already; else a task that puts them there, for which `ret` must live on (what `args` reads from need not).
    /// Throws, or the task does, what goes to the client as an error reply.
    std::optional<Task<>> invoke(const Caller& caller, XdrReader& args, XdrWriter& ret) const {
        return invoke_(caller, args, ret);
    }

  private:
    const protocol::Procedure* row_ = nullptr;
    Invoke invoke_;
};

/// A driver's objects of one kind, as whoever decides about access knows them. Both may throw what a handler throws.
struct Directory {
    /// The object that a call means, with all that rules may know of it.
    std::function<Task<protocol::Subject>(protocol::Subject)> find;
    /// All of them; of volumes and ports those of the parent that the call means.
    std::function<Task<std::vector<protocol::Subject>>(protocol::Subject)> list;
};

namespace detail {

template <class T>
struct Unwrapped {
    using Ret = T;
    static constexpr bool waits = false;
};
template <class T>
struct Unwrapped<Task<T>> {
    using Ret = T;
    static constexpr bool waits = true;
};

/// The coroutine around one that waits. Everything by value: it outlives the call that made it.
template <class Ret>
Task<> finish(Task<Ret> work, XdrWriter* out) {
    if constexpr (std::is_void_v<Ret>) {
        co_await std::move(work);
        (void)out;
    } else {
        const Ret ret = co_await std::move(work);
        ret.encode(*out);
    }
}

}  // namespace detail

/// A driver's handlers, of all programs that it serves.
class HandlerTable {
  public:
    /// `object` must outlive the table's use. Adding a second handler for a procedure replaces the first.
    template <class Tag, class Object, class Class, class Result, class... Parameters>
    void add(Object& object, Result (Class::*method)(Parameters...)) {
        bind<Tag, Result, Parameters...>(static_cast<Class*>(&object), method);
    }
    template <class Tag, class Object, class Class, class Result, class... Parameters>
    void add(const Object& object, Result (Class::*method)(Parameters...) const) {
        bind<Tag, Result, Parameters...>(static_cast<const Class*>(&object), method);
    }

    void put(Handler handler);
    /// Takes over the handlers of another table.
    void merge(const HandlerTable& other);
    /// Takes over those of another table that are for one of these procedures.
    void merge(const HandlerTable& other, std::span<const protocol::Procedure* const> only);

    /// Whose objects of a kind (`domain`, `storage_vol`) the procedures are about.
    void describe(std::string_view kind, Directory directory);
    /// The same by two member functions of an object that outlives the table's use.
    template <class Object>
    void describe(std::string_view kind, Object& object, Task<protocol::Subject> (Object::*find)(protocol::Subject),
                  Task<std::vector<protocol::Subject>> (Object::*list)(protocol::Subject)) {
        describe(kind, {[&object, find](protocol::Subject asked) { return (object.*find)(std::move(asked)); },
                        [&object, list](protocol::Subject parent) { return (object.*list)(std::move(parent)); }});
    }
    /// Null if this driver has no objects of the kind.
    const Directory* directory(std::string_view kind) const;

    /// The handler of a procedure, if there is one.
    std::optional<const Handler*> find(const protocol::Procedure& row) const;
    std::optional<const Handler*> find(std::uint32_t program, std::int32_t procedure) const;

  private:
    template <class Tag, class Result, class... Parameters, class Target, class Method>
    void bind(Target* target, Method method) {
        using Args = typename Tag::Args;
        using Ret = typename detail::Unwrapped<Result>::Ret;
        constexpr bool waits = detail::Unwrapped<Result>::waits;
        constexpr bool takes_args = sizeof...(Parameters) == 2;
        static_assert(takes_args || std::is_same_v<Args, protocol::Nothing>, "this procedure has arguments");
        static_assert(std::is_same_v<Ret, typename Tag::Ret> ||
                          (std::is_void_v<Ret> && std::is_same_v<typename Tag::Ret, protocol::Nothing>),
                      "the handler's result is not the procedure's");
        static_assert(!waits || (!std::is_reference_v<Parameters> && ...), "a coroutine takes its parameters by value");
        put(Handler(Tag::row, [target, method](const Caller& caller, XdrReader& in, XdrWriter& out) {
            Args args;
            args.decode(in);
            check_access(caller, Tag::row, Tag::access_values(args));
            const auto call = [&]() -> Result {
                if constexpr (takes_args)
                    return (target->*method)(caller, std::move(args));
                else
                    return (target->*method)(caller);
            };
            std::optional<Task<>> later;
            if constexpr (waits)
                later.emplace(detail::finish<Ret>(call(), &out));
            else if constexpr (std::is_void_v<Ret>)
                call();
            else
                call().encode(out);
            return later;
        }));
    }

    struct Page {
        std::uint32_t program;
        std::vector<Handler> by_number;
    };
    std::vector<Page> pages_;
    std::map<std::string, Directory, std::less<>> directories_;
};

}  // namespace innkeeper::rpc
