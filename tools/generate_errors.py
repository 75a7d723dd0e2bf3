#!/usr/bin/env python3
"""Writes base/error_codes.h and .cc from protocol/errors.json: generate_errors.py TABLE OUTPUT-FOLDER"""
import json
import pathlib
import sys

table, folder = json.load(open(sys.argv[1])), pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
quote = json.dumps

header = ["#pragma once", "", "#include <string_view>", "", "// Generated from protocol/errors.json.", "", "namespace innkeeper {", ""]
header += ["enum class ErrorCode : int {", *(f"    {c['name']} = {c['code']}," for c in table["codes"]), "};", ""]
header += ["enum class ErrorDomain : int {", *(f"    {n} = {v}," for n, v in table["domains"].items()), "};", ""]
header += ["/// The sentence of a code: with a detail in place of %s, and without one. A code without a sentence of its own",
           "/// has \"%s\" as with_detail.",
           "struct ErrorText {", "    std::string_view with_detail;", "    std::string_view alone;", "};",
           "ErrorText error_text(ErrorCode code) noexcept;", "", "}  // namespace innkeeper", ""]
source = ['#include "base/error_codes.h"', "", "namespace innkeeper {", "",
          "ErrorText error_text(ErrorCode code) noexcept {", "    switch (code) {",
          *(f"        case ErrorCode::{c['name']}: return {{{quote(c['with'])}, {quote(c['alone'])}}};"
            for c in table["codes"]),
          "    }", '    return {"%s", "unknown error"};', "}", "", "}  // namespace innkeeper", ""]
(folder / "error_codes.h").write_text("\n".join(header))
(folder / "error_codes.cc").write_text("\n".join(source))
