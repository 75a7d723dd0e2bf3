#pragma once

#include <memory>
#include <string>

#include "guests/guests.h"
#include "rpc/codec/caller.h"

/// How a guest's life begins and ends, whoever asks for it.
namespace innkeeper::guests {

struct StartRequest {
    bool paused = false;
    bool bypass_cache = false;
    bool force_boot = false;  ///< a saved image is dropped instead of continued
    bool reset_nvram = false;
    /// The guest goes with this client's connection.
    std::shared_ptr<rpc::ClientSession> lives_with;
};

/// Starts a stored guest, or continues its managed save. Takes the guest's turn.
Task<> start_stored(Guests& guests, GuestPtr guest, StartRequest request);

/// Runs a definition that need not be stored. The guest.
Task<GuestPtr> start_transient(Guests& guests, DefPtr def, StartRequest request);

/// Continues a saved image; the file stays.
Task<GuestPtr> restore(Guests& guests, std::string path, SavedImage image, StartRequest request);

/// A guest that goes back to a snapshot: with its turn held, and inactive.
struct Revival {
    DefPtr definition;
    std::string snapshot;  ///< inside of its images, where its memory is; empty: it boots
    bool paused = false;
};
Task<> revive(Guests& guests, GuestPtr guest, Revival revival);

/// Ends a guest, whose turn is held, for a snapshot's sake. A transient one stays known only if it
/// comes back at once.
enum class Return { at_once, never };
Task<> end_for_snapshot(Guests& guests, GuestPtr guest, Return back = Return::never);

/// The guest's memory goes where its next start looks for it. Takes the guest's turn.
Task<> managed_save(Guests& guests, GuestPtr guest, SaveOptions options);
/// The same with the turn held, into any file.
Task<> save_held(Guests& guests, GuestPtr guest, SaveOptions options);

/// Ends a guest at once, even while another job holds its turn.
Task<> destroy(Guests& guests, GuestPtr guest, Hypervisor::Destroy how);

}  // namespace innkeeper::guests
