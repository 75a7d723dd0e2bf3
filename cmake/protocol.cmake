# Sources that follow from the tables in protocol/.
set(INNKEEPER_GENERATED ${CMAKE_BINARY_DIR}/generated)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(INNKEEPER_GENERATED_ERRORS ${INNKEEPER_GENERATED}/base/error_codes.cc)
add_custom_command(
    OUTPUT ${INNKEEPER_GENERATED}/base/error_codes.h ${INNKEEPER_GENERATED}/base/error_codes.cc
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/generate_errors.py ${CMAKE_SOURCE_DIR}/protocol/errors.json
            ${INNKEEPER_GENERATED}/base
    DEPENDS ${CMAKE_SOURCE_DIR}/tools/generate_errors.py ${CMAKE_SOURCE_DIR}/protocol/errors.json)
