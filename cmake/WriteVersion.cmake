# Writes OUTPUT with VERSION and the commit of SOURCE, if they have changed.
execute_process(
  COMMAND git -C ${SOURCE} describe --always --abbrev=12 --exclude=* --dirty=+
  OUTPUT_VARIABLE REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT REVISION)
  set(REVISION unknown)
endif()
configure_file(${SOURCE}/cmake/version.cc.in ${OUTPUT} @ONLY)
