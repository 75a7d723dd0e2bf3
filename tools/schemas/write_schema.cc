/// Writes the RelaxNG grammar of a kind of document into a file:
///
///     write_schema domain FILE
#include <cstdio>
#include <cstring>
#include <fstream>

#include "model/domain/schema.h"

int main(int count, char** words) {
    if (count != 3 || std::strcmp(words[1], "domain") != 0) {
        std::fprintf(stderr, "usage: write_schema domain FILE\n");
        return 2;
    }
    std::ofstream file(words[2]);
    file << innkeeper::model::domain_grammar();
    return file.flush() ? 0 : 1;
}
