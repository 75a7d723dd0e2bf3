# room(PATH [SEES room…] [LINKS library…] [PRIVATE_LINKS library…] [SOURCES generated…] [INCLUDES folder…])
#
# A room is a static library of src/PATH/*.cc. Its headers are included as "PATH/header.h" through an include folder of
# its own, which reaches only those who see the room, directly or through another: including what one does not see
# fails to compile. Files named *_test.cc become the test program PATH_test (slashes become underscores), which links
# the room and nothing above it.
function(room path)
    cmake_parse_arguments(ROOM "" "" "SEES;LINKS;PRIVATE_LINKS;SOURCES;INCLUDES" ${ARGN})
    string(REPLACE "/" "_" name ${path})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${path}/*.cc)
    set(tests ${sources})
    list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
    list(FILTER tests INCLUDE REGEX "_test\\.cc$")

    set(view ${CMAKE_BINARY_DIR}/view/${name})
    get_filename_component(parent ${view}/${path} DIRECTORY)
    file(MAKE_DIRECTORY ${parent})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${path} ${view}/${path} SYMBOLIC)

    set(scope PUBLIC)
    if(sources OR ROOM_SOURCES)
        add_library(${name} STATIC ${sources} ${ROOM_SOURCES})
    else()
        add_library(${name} INTERFACE)
        set(scope INTERFACE)
    endif()
    target_include_directories(${name} ${scope} ${view} ${ROOM_INCLUDES})
    set(seen)
    foreach(other ${ROOM_SEES})
        string(REPLACE "/" "_" other ${other})
        list(APPEND seen ${other})
    endforeach()
    target_link_libraries(${name} ${scope} ${seen} ${ROOM_LINKS})
    if(ROOM_PRIVATE_LINKS)
        target_link_libraries(${name} PRIVATE ${ROOM_PRIVATE_LINKS})
    endif()

    if(tests AND NOT INNKEEPER_FUZZ)
        add_executable(${name}_test ${tests})
        target_link_libraries(${name}_test PRIVATE ${name} GTest::gmock GTest::gtest_main)
        target_compile_definitions(${name}_test PRIVATE INNKEEPER_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
        add_test(NAME ${name} COMMAND ${name}_test)
    endif()
endfunction()
