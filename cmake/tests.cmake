# SPDX-License-Identifier: Apache-2.0
#
# Tests are found by place: see HACKING.md, "Where a test goes". A line '// label: NAME' (or '#
# label: NAME' in Python) in a test's source adds that label; 'threaded' is run under the thread
# sanitizer, 'python' runs in build/venv.

find_library(CUNIT cunit REQUIRED)
find_program(PYTHON3 python3 REQUIRED)
# Other people's codecs, which ours is compared with; the binary links neither.
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson>=1.7.15)
pkg_check_modules(AVRO REQUIRED IMPORTED_TARGET avro-c>=1.11)
set(MUSTER_ORACLES_wire PkgConfig::AVRO PkgConfig::CJSON)
# Tests of the deciding part look at what it writes as bytes.
set(MUSTER_ORACLES_control muster_wire)
set(tests ${CMAKE_SOURCE_DIR}/tests)

set(all_rooms "")
foreach(room IN LISTS MUSTER_ROOMS)
  list(APPEND all_rooms muster_${room})
endforeach()

add_library(muster_test_options INTERFACE)
target_include_directories(muster_test_options INTERFACE ${tests}/lib ${tests})
target_compile_definitions(muster_test_options INTERFACE TESTS_FOLDER="${tests}")
target_link_libraries(muster_test_options INTERFACE muster_options)

file(GLOB testlib_sources CONFIGURE_DEPENDS ${tests}/lib/*.c)
add_library(muster_testlib STATIC ${testlib_sources})
target_link_libraries(muster_testlib PUBLIC muster_test_options ${CUNIT})

file(GLOB sim_sources CONFIGURE_DEPENDS ${tests}/sim/*.c)
list(REMOVE_ITEM sim_sources ${tests}/sim/main.c ${tests}/sim/hunt.c)
if(sim_sources)
  add_library(muster_sim STATIC ${sim_sources})
  target_link_libraries(muster_sim PUBLIC muster_test_options muster_control muster_collect muster_plan muster_wire)
else()
  add_library(muster_sim INTERFACE)
  target_link_libraries(muster_sim INTERFACE muster_control muster_collect muster_plan muster_wire)
endif()

# The simulator, one program from the sources of the world and of the rooms, so that the compiler
# sees it whole and tries harder: an hour of a world costs a fifth less. And once more for each rule
# that tests/sim/breaks.py takes away from a copy of the sources; these copies come before the rooms'
# archives, which give the rest. All of it is for measuring and hunting: release alone.
set(breaks_py ${tests}/sim/breaks.py)
set(breaks_tables ${breaks_py} ${tests}/sim/breaks_data.py)
if(CMAKE_BUILD_TYPE STREQUAL Release)
  set(sim_whole ${sim_sources} ${tests}/sim/main.c ${tests}/sim/hunt.c)
  foreach(room base proto wire plan control collect)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${room}/*.c)
    list(APPEND sim_whole ${sources})
  endforeach()
  # hunt.c has its own: a broken invariant is the fault of a seed.
  list(REMOVE_ITEM sim_whole ${CMAKE_SOURCE_DIR}/src/base/ensure.c)
  add_executable(sim ${sim_whole})
  target_link_libraries(sim PRIVATE muster_test_options)
  target_compile_options(sim PRIVATE -O3)
  set_target_properties(sim PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/sim INTERPROCEDURAL_OPTIMIZATION ON)
  add_library(sim_command OBJECT EXCLUDE_FROM_ALL ${tests}/sim/main.c ${tests}/sim/hunt.c)
  target_link_libraries(sim_command PUBLIC muster_sim)
endif()

function(python_lines ret)
  execute_process(COMMAND ${PYTHON3} ${breaks_py} ${ARGN} OUTPUT_VARIABLE lines
    OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "tests/sim/breaks.py ${ARGN} failed")
  endif()
  string(REPLACE "\n" ";" lines "${lines}")
  set(${ret} "${lines}" PARENT_SCOPE)
endfunction()

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${breaks_tables})
add_custom_target(sim_breaks)
set(breaks "")
if(TARGET sim)
  python_lines(breaks names)
endif()
foreach(break IN LISTS breaks)
  python_lines(files files ${break})
  set(copies "")
  set(originals "")
  foreach(file IN LISTS files)
    list(APPEND copies ${CMAKE_BINARY_DIR}/breaks/${break}/${file})
    list(APPEND originals ${CMAKE_SOURCE_DIR}/src/${file})
  endforeach()
  add_custom_command(OUTPUT ${copies}
    COMMAND ${PYTHON3} ${breaks_py} write ${break} ${CMAKE_BINARY_DIR}/breaks/${break}
    DEPENDS ${breaks_tables} ${originals} COMMENT "taking a rule away: ${break}" VERBATIM)
  add_executable(sim_break_${break} EXCLUDE_FROM_ALL ${copies})
  target_link_libraries(sim_break_${break} PRIVATE sim_command)
  target_compile_options(sim_break_${break} PRIVATE -Wno-unused)
  set_target_properties(sim_break_${break} PROPERTIES
    OUTPUT_NAME ${break} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/sim)
  add_dependencies(sim_breaks sim_break_${break})
endforeach()

# Labels written in the source, after the tier's own.
function(read_labels source tier ret_labels)
  file(STRINGS ${source} lines REGEX "^(//|#) label: [a-z]+$")
  set(labels ${tier})
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^.*label: " "" label "${line}")
    list(APPEND labels ${label})
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  set(${ret_labels} "${labels}" PARENT_SCOPE)
endfunction()

function(set_test_properties name source tier seconds)
  read_labels(${source} ${tier} labels)
  set(environment MUSTER_SOURCE=${CMAKE_SOURCE_DIR} MUSTER_BUILD=${CMAKE_BINARY_DIR} MUSTER=${CMAKE_BINARY_DIR}/muster
    PYTHONPATH=${tests}/lib PYTHONDONTWRITEBYTECODE=1
    "TSAN_OPTIONS=halt_on_error=1 second_deadlock_stack=1 suppressions=${tests}/lib/tsan.supp"
    UBSAN_OPTIONS=print_stacktrace=1)
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT ${seconds} ENVIRONMENT "${environment}")
endfunction()

# Stands before the C library's C11 threads where the thread sanitizer does not know them.
if(CMAKE_C_FLAGS MATCHES "fsanitize=thread")
  add_library(tsan_threads OBJECT ${tests}/lib/tsan/threads.c)
  target_link_libraries(tsan_threads PRIVATE muster_options)
endif()

# One executable per C test file; 'shared' are the other .c files of the same folder.
function(add_c_test source tier folder seconds)
  get_filename_component(stem ${source} NAME_WE)
  set(name ${folder}_${stem})
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE ${ARGN} muster_testlib)
  if(TARGET tsan_threads)
    target_link_libraries(${name} PRIVATE tsan_threads)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  set_test_properties(${name} ${source} ${tier} ${seconds})
endfunction()

function(add_shared_sources target pattern)
  file(GLOB sources CONFIGURE_DEPENDS ${pattern})
  list(FILTER sources EXCLUDE REGEX "_(test|story|fuzz|bench)\\.c$")
  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC muster_test_options ${ARGN} muster_testlib)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${ARGN})
  endif()
endfunction()

foreach(room IN LISTS MUSTER_ROOMS)
  file(GLOB sources CONFIGURE_DEPENDS ${tests}/unit/${room}/*_test.c)
  add_shared_sources(unit_${room}_shared ${tests}/unit/${room}/*.c muster_${room} ${MUSTER_ORACLES_${room}})
  foreach(source IN LISTS sources)
    add_c_test(${source} unit unit_${room} 120 unit_${room}_shared muster_${room} ${MUSTER_ORACLES_${room}})
  endforeach()
endforeach()

file(GLOB sources CONFIGURE_DEPENDS ${tests}/unit/sim/*_test.c)
foreach(source IN LISTS sources)
  add_c_test(${source} unit unit_sim 120 muster_sim)
endforeach()

file(GLOB sources CONFIGURE_DEPENDS ${tests}/unit/lib/*_test.c)
foreach(source IN LISTS sources)
  add_c_test(${source} unit unit_lib 120)
endforeach()

file(GLOB sources CONFIGURE_DEPENDS ${tests}/story/*_story.c)
add_shared_sources(story_shared ${tests}/story/*.c muster_sim)
foreach(source IN LISTS sources)
  add_c_test(${source} story story 300 story_shared muster_sim)
endforeach()

file(GLOB sources CONFIGURE_DEPENDS ${tests}/embedded/*_test.c)
add_shared_sources(embedded_shared ${tests}/embedded/*.c ${all_rooms})
foreach(source IN LISTS sources)
  add_c_test(${source} embedded embedded 300 embedded_shared ${all_rooms})
endforeach()

# A fuzz target is a libFuzzer program in the fuzz preset; elsewhere it replays its corpus under
# that preset's sanitizers.
file(GLOB sources CONFIGURE_DEPENDS ${tests}/fuzz/*_fuzz.c)
foreach(source IN LISTS sources)
  get_filename_component(stem ${source} NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" fuzz_name ${stem})
  add_executable(fuzz_${fuzz_name} ${source})
  target_link_libraries(fuzz_${fuzz_name} PRIVATE ${all_rooms} muster_test_options)
  set_target_properties(fuzz_${fuzz_name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if(MUSTER_FUZZ)
    target_link_options(fuzz_${fuzz_name} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz_${fuzz_name} COMMAND fuzz_${fuzz_name} -runs=0 ${tests}/fuzz/corpus/${fuzz_name})
  else()
    target_sources(fuzz_${fuzz_name} PRIVATE ${tests}/fuzz/replay.c)
    add_test(NAME fuzz_${fuzz_name} COMMAND fuzz_${fuzz_name} ${tests}/fuzz/corpus/${fuzz_name})
  endif()
  set_test_properties(fuzz_${fuzz_name} ${source} unit 120)
endforeach()

# Programs that tests or people call: benchmarks and small tools, each from one file. `programs` is
# what the tests that start processes need.
add_custom_target(programs)
if(TARGET muster)
  add_dependencies(programs muster)
endif()
if(TARGET sim)
  add_dependencies(programs sim)
endif()
add_shared_sources(bench_shared ${tests}/bench/*.c muster_sim ${all_rooms})
function(add_program kind source)
  get_filename_component(stem ${source} NAME_WE)
  string(REGEX REPLACE "_bench$" "" stem ${stem})
  add_executable(${kind}_${stem} ${source})
  target_link_libraries(${kind}_${stem} PRIVATE ${ARGN} muster_sim ${all_rooms} muster_testlib)
  set_target_properties(${kind}_${stem} PROPERTIES
    OUTPUT_NAME ${stem} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${kind})
  add_dependencies(programs ${kind}_${stem})
endfunction()

file(GLOB sources CONFIGURE_DEPENDS ${tests}/bench/*_bench.c)
foreach(source IN LISTS sources)
  add_program(bench ${source} bench_shared)
endforeach()
# What is compared with, and the judge of the planner: nothing of ours is linked in.
file(GLOB sources CONFIGURE_DEPENDS ${tests}/bench/peers/*.c)
foreach(source IN LISTS sources)
  get_filename_component(stem ${source} NAME_WE)
  add_executable(peer_${stem} ${source})
  target_link_libraries(peer_${stem} PRIVATE muster_test_options PkgConfig::RDKAFKA)
  set_target_properties(peer_${stem} PROPERTIES
    OUTPUT_NAME ${stem} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench/peers)
  add_dependencies(programs peer_${stem})
endforeach()
file(GLOB sources CONFIGURE_DEPENDS ${tests}/tools/*.c)
foreach(source IN LISTS sources)
  add_program(tools ${source})
endforeach()
# Stands before the C library in a process that a test starts.
add_library(hold_writes MODULE ${tests}/lib/preload/hold_writes.c)
target_link_libraries(hold_writes PRIVATE muster_options)
set_target_properties(hold_writes PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tools)
add_dependencies(programs hold_writes)

function(add_python_tests folder tier seconds)
  file(GLOB sources CONFIGURE_DEPENDS ${tests}/${folder}/*.py)
  foreach(source IN LISTS sources)
    get_filename_component(stem ${source} NAME_WE)
    read_labels(${source} ${tier} labels)
    set(interpreter ${PYTHON3})
    if(python IN_LIST labels)
      set(interpreter ${CMAKE_SOURCE_DIR}/build/venv/bin/python3)
    endif()
    add_test(NAME ${folder}_${stem} COMMAND ${interpreter} ${source})
    set_test_properties(${folder}_${stem} ${source} ${tier} ${seconds})
  endforeach()
endfunction()

add_python_tests(check unit 120)
add_python_tests(python python 300)
add_python_tests(system system 900)
