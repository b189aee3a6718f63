# SPDX-License-Identifier: GPL-3.0-or-later
# foveate_library(NAME SOURCES … LINKS …): one static library per folder, included as "folder/Header.h".
function(foveate_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS;PRIVATE_LINKS")
    add_library(foveate_${name} STATIC ${arg_SOURCES})
    target_include_directories(foveate_${name} PUBLIC ${PROJECT_SOURCE_DIR}/core ${PROJECT_SOURCE_DIR})
    target_link_libraries(foveate_${name} PUBLIC ${arg_LINKS} PRIVATE foveate_flags ${arg_PRIVATE_LINKS})
endfunction()

# foveate_moc(TARGET x.cpp): Qt's code for the classes of x.cpp, which includes it at its end as "x.moc". CMake's own AUTOMOC would
# spend two seconds on each test. The target `mocs` makes all of them.
if(NOT FOVEATE_LEARN_ONLY)
    add_custom_target(mocs)
endif()
function(foveate_moc target source)
    cmake_path(GET source STEM name)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}_moc)
    file(MAKE_DIRECTORY ${folder})
    add_custom_command(OUTPUT ${folder}/${name}.moc DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source}
        COMMAND Qt6::moc "-D$<JOIN:$<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS>,;-D>" -o ${folder}/${name}.moc
            ${CMAKE_CURRENT_SOURCE_DIR}/${source}
        COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_target(${target}_moc DEPENDS ${folder}/${name}.moc)
    add_dependencies(mocs ${target}_moc)
    add_dependencies(${target} ${target}_moc)
    target_include_directories(${target} PRIVATE ${folder})
endfunction()

# foveate_test(FOLDER tst_x LINKS … [LABELS …]): tests/FOLDER/tst_x.cpp as one program and one CTest entry.
function(foveate_test folder name)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "TIMEOUT" "LINKS;LABELS;SOURCES")
    set(target ${folder}_${name})
    add_executable(${target} ${CMAKE_CURRENT_SOURCE_DIR}/${name}.cpp ${arg_SOURCES})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    foveate_moc(${target} ${name}.cpp)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${target} PRIVATE FOVEATE_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
        FOVEATE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_link_libraries(${target} PRIVATE foveate_flags Qt6::Test ${arg_LINKS})
    add_test(NAME ${folder}.${name} COMMAND ${target})
    if(arg_LABELS)
        set_tests_properties(${folder}.${name} PROPERTIES LABELS "${arg_LABELS}")
    endif()
    if(arg_TIMEOUT)
        set_tests_properties(${folder}.${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
    endif()
endfunction()
