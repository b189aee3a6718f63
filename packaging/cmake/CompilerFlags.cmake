# SPDX-License-Identifier: GPL-3.0-or-later
# One place for the language, the warnings and the processor baseline of every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Precompiled headers carry time stamps; base_dir lets a second checkout reuse the first one's objects.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()

add_library(foveate_flags INTERFACE)
# g++ 12 sees overlapping copies in std::string's operator+ that are not there (its bug 105329).
target_compile_options(foveate_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror -Wno-restrict
    -march=x86-64-v3 -fno-math-errno)
# The same alignment in every object, or vectorised and plain files disagree on Eigen's types.
target_compile_definitions(foveate_flags INTERFACE EIGEN_MAX_ALIGN_BYTES=64 QT_NO_KEYWORDS QT_NO_CAST_TO_ASCII
    QT_NO_CONTEXTLESS_CONNECT)
target_compile_definitions(foveate_flags INTERFACE FOVEATE_VERSION="${PROJECT_VERSION}")
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    # Assertions stay on for developers.
    string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
endif()
if(FOVEATE_SANITIZE)
    target_compile_options(foveate_flags INTERFACE -fsanitize=${FOVEATE_SANITIZE} -fno-omit-frame-pointer
        -fno-sanitize-recover=all)
    target_link_options(foveate_flags INTERFACE -fsanitize=${FOVEATE_SANITIZE})
endif()
