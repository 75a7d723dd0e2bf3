# Sources that follow from the tables in protocol/.
set(INNKEEPER_GENERATED ${CMAKE_BINARY_DIR}/generated)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(INNKEEPER_GENERATED_ERRORS ${INNKEEPER_GENERATED}/base/error_codes.cc)
add_custom_command(
    OUTPUT ${INNKEEPER_GENERATED}/base/error_codes.h ${INNKEEPER_GENERATED}/base/error_codes.cc
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/generate_errors.py ${CMAKE_SOURCE_DIR}/protocol/errors.json
            ${INNKEEPER_GENERATED}/base
    DEPENDS ${CMAKE_SOURCE_DIR}/tools/generate_errors.py ${CMAKE_SOURCE_DIR}/protocol/errors.json)

# The wire: types, rows and codec of every program, included as "protocol/….h" by those who see rpc/codec.
set(generate_protocol ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/generate_protocol.py ${CMAKE_SOURCE_DIR}/protocol
    ${INNKEEPER_GENERATED}/wire)
file(GLOB INNKEEPER_TABLES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/protocol/*.json)
set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${INNKEEPER_TABLES} ${CMAKE_SOURCE_DIR}/tools/generate_protocol.py)
execute_process(COMMAND ${generate_protocol} --list OUTPUT_VARIABLE files OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCH "^(.*)[|](.*)[|](.*)$" files "${files}")
foreach(kind HEADERS SOURCES SAMPLES)
    if(kind STREQUAL HEADERS)
        set(paths ${CMAKE_MATCH_1})
    elseif(kind STREQUAL SOURCES)
        set(paths ${CMAKE_MATCH_2})
    else()
        set(paths ${CMAKE_MATCH_3})
    endif()
    list(TRANSFORM paths PREPEND ${INNKEEPER_GENERATED}/wire/ OUTPUT_VARIABLE INNKEEPER_WIRE_${kind})
endforeach()
add_custom_command(
    OUTPUT ${INNKEEPER_WIRE_HEADERS} ${INNKEEPER_WIRE_SOURCES} ${INNKEEPER_WIRE_SAMPLES}
    COMMAND ${generate_protocol}
    DEPENDS ${INNKEEPER_TABLES} ${CMAKE_SOURCE_DIR}/tools/generate_protocol.py
    COMMENT "Generating the wire protocol")
