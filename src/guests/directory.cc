#include "base/error.h"
#include "guests/handlers.h"
#include "model/domain/domain.h"
#include "objects/subjects.h"

/// Guests as access rules know them.
namespace innkeeper::guests {

namespace {

using protocol::Subject;

Subject subject_of(const Guest& guest) {
    return {.kind = "domain", .by = Subject::By::identity, .name = guest.name(), .uuid = guest.uuid()};
}

class GuestDirectory : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.describe("domain", *this, &GuestDirectory::find_subject, &GuestDirectory::subjects);
    }

  private:
    Task<Subject> find_subject(Subject asked) {
        switch (asked.by) {
            case Subject::By::document:
                co_return objects::described("domain", asked.word, "domain", "(domain_definition)");
            case Subject::By::image: {
                const auto image = co_await hypervisor().read_saved(asked.word);
                co_return Subject{.kind = "domain",
                                  .by = Subject::By::identity,
                                  .name = image.definition->name,
                                  .uuid = image.definition->uuid};
            }
            case Subject::By::id:
                co_return subject_of(*guests_.find(asked.number));
            case Subject::By::name:
                co_return subject_of(*guests_.find(asked.name));
            default:
                co_return subject_of(*guests_.find(asked.uuid, asked.name));
        }
    }

    Task<std::vector<Subject>> subjects(Subject) {
        std::vector<Subject> all;
        for (const auto& [name, guest] : guests_.registry().all()) all.push_back(subject_of(*guest));
        co_return all;
    }
};

}  // namespace

Installed install_directory(Guests& guests, rpc::HandlerTable& table) {
    return install_group<GuestDirectory>(guests, table);
}

}  // namespace innkeeper::guests
