/// Asks of documents in files what the fuzz target of documents asks of those that it makes (../fuzz/fuzz_xml.cc):
///
///     round_trip FILE…
///
/// Ends by SIGABRT at the first that is not read again as it was written, and has said which.
#include <cstdio>
#include <string>

#include "base/files.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

int main(int count, char** words) {
    for (int i = 1; i < count; ++i) {
        std::fprintf(stderr, "%s\n", words[i]);
        const std::string text = innkeeper::read_file(words[i]).value_or("");
        LLVMFuzzerTestOneInput(reinterpret_cast<const unsigned char*>(text.data()), text.size());
    }
    std::printf("%d documents\n", count - 1);
}
