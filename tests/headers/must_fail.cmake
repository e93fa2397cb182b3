# A program that is wrong must not compile, and the compiler's message must hold the text of its "// expected: " line.
cmake_minimum_required(VERSION 3.22)

file(STRINGS ${UNIT} expected REGEX "^// expected: ")
string(REGEX REPLACE "^// expected: " "" expected "${expected}")
separate_arguments(command UNIX_COMMAND "${COMPILE}")
execute_process(COMMAND ${command} ${UNIT} RESULT_VARIABLE status ERROR_VARIABLE message)
if(status EQUAL 0)
  message(FATAL_ERROR "${UNIT} compiles, but must not")
endif()
string(FIND "${message}" "${expected}" found)
if(expected STREQUAL "" OR found LESS 0)
  message(FATAL_ERROR "${UNIT} does not compile, but the message does not say \"${expected}\":\n${message}")
endif()
