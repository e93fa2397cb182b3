# Run after a test executable is linked: asks it for its test cases and writes an add_test() for each.
#   cmake -DEXECUTABLE=... -DNAME=... -DOUTPUT=... -P list_tests.cmake
cmake_minimum_required(VERSION 3.22)

# names(variable spec): the names of the test cases that match the spec, as a list.
function(names variable spec)
  execute_process(COMMAND ${EXECUTABLE} --list-test-names-only ${spec} OUTPUT_VARIABLE text ERROR_VARIABLE error RESULT_VARIABLE status)
  if(text STREQUAL "" AND NOT status EQUAL 0)  # version 3 has no such option
    execute_process(COMMAND ${EXECUTABLE} --list-tests --verbosity quiet ${spec} OUTPUT_VARIABLE text ERROR_VARIABLE error RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
      message(FATAL_ERROR "${EXECUTABLE} does not list its tests: ${status}\n${error}")
    endif()
  endif()
  foreach(special ";" "[" "]")  # which cmake's lists would not survive
    string(HEX "${special}" code)
    string(REPLACE "${special}" "<${code}>" text "${text}")
  endforeach()
  string(REGEX REPLACE "\n+" ";" text "${text}")
  list(FILTER text EXCLUDE REGEX "^ *$")
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

names(all "~[.]")
names(long "[long]")
names(data "[data]")
names(gpu "[gpu]")

set(script "")
foreach(name IN LISTS all)
  set(labels)
  foreach(label long data gpu)
    if(name IN_LIST ${label})
      list(APPEND labels ${label})
    endif()
  endforeach()
  foreach(special ";" "[" "]")
    string(HEX "${special}" code)
    string(REPLACE "<${code}>" "${special}" name "${name}")
  endforeach()
  string(REGEX REPLACE "([][,\\*])" "\\\\\\1" spec "${name}")  # what a test spec gives a meaning of its own
  string(APPEND script "add_test([==[${NAME}: ${name}]==] [==[${EXECUTABLE}]==] [==[${spec}]==])\n"
    "set_tests_properties([==[${NAME}: ${name}]==] PROPERTIES LABELS \"${labels}\" SKIP_REGULAR_EXPRESSION \"SKIPPED:\")\n")
endforeach()
file(WRITE ${OUTPUT} "${script}")
