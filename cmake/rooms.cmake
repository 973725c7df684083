# SPDX-License-Identifier: Apache-2.0
#
# The rooms of src/, what each may use of ours, and the one library from outside that it may link.
# tests/check/direction.py reads MUSTER_MAY_USE_* here: this table is the only one.

set(MUSTER_ROOMS base proto wire plan control collect kafka net sink conf discover web daemon cli)

set(MUSTER_MAY_USE_base)
set(MUSTER_MAY_USE_proto base)
set(MUSTER_MAY_USE_wire base proto)
set(MUSTER_MAY_USE_plan base)
set(MUSTER_MAY_USE_control base proto plan)
set(MUSTER_MAY_USE_collect base proto)
set(MUSTER_MAY_USE_kafka base)
set(MUSTER_MAY_USE_net base)
set(MUSTER_MAY_USE_sink base proto)
set(MUSTER_MAY_USE_conf base)
set(MUSTER_MAY_USE_discover base proto wire)
set(MUSTER_MAY_USE_web)
set(MUSTER_MAY_USE_daemon base proto wire plan control collect kafka net sink conf discover web)
set(MUSTER_MAY_USE_cli base proto wire plan conf kafka net daemon)

# Rooms that decide: no clock, no environment, no I/O, no floating point.
set(MUSTER_PURE plan control collect)

find_package(PkgConfig REQUIRED)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka>=2.0)
pkg_check_modules(LIBEVENT REQUIRED IMPORTED_TARGET libevent_core>=2.1.12 libevent_extra>=2.1.12)
find_package(Threads REQUIRED)

set(MUSTER_LINKS_kafka PkgConfig::RDKAFKA Threads::Threads)
set(MUSTER_LINKS_net PkgConfig::LIBEVENT)
set(MUSTER_LINKS_daemon Threads::Threads)

add_library(muster_options INTERFACE)
target_include_directories(muster_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(muster_options INTERFACE _GNU_SOURCE MUSTER_VERSION="${PROJECT_VERSION}")
target_compile_options(muster_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
  -fno-common -fstack-protector-strong
  # ensure(!"why this is never reached")
  $<$<C_COMPILER_ID:Clang>:-Wno-string-conversion>)

# The page and what belongs to it become constant arrays behind src/web/assets.h.
file(GLOB web_assets CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/src/web/*.html ${CMAKE_SOURCE_DIR}/src/web/*.css ${CMAKE_SOURCE_DIR}/src/web/*.js
  ${CMAKE_SOURCE_DIR}/src/web/*.svg)
set(web_assets_c ${CMAKE_BINARY_DIR}/generated/web/assets.c)
string(REPLACE ";" "|" web_assets_joined "${web_assets}")
add_custom_command(
  OUTPUT ${web_assets_c}
  COMMAND ${CMAKE_COMMAND} "-DASSETS=${web_assets_joined}" -DOUTPUT=${web_assets_c}
          -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
  DEPENDS ${web_assets} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
  COMMENT "embedding src/web" VERBATIM)

foreach(room IN LISTS MUSTER_ROOMS)
  file(GLOB room_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${room}/*.c)
  if(room STREQUAL web)
    list(APPEND room_sources ${web_assets_c})
  endif()
  if(room_sources)
    add_library(muster_${room} STATIC ${room_sources})
    set(room_scope PUBLIC)
    target_link_libraries(muster_${room} PRIVATE muster_options)
  else()
    add_library(muster_${room} INTERFACE)
    set(room_scope INTERFACE)
  endif()
  foreach(used IN LISTS MUSTER_MAY_USE_${room})
    target_link_libraries(muster_${room} ${room_scope} muster_${used})
  endforeach()
  target_link_libraries(muster_${room} ${room_scope} ${MUSTER_LINKS_${room}})
endforeach()
