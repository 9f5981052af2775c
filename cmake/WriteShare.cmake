# Runs PROGRAM to write its manual pages and completions into SHARE, and then
# writes SHARE/written.
function(write FILE)
  execute_process(COMMAND ${PROGRAM} ${ARGN} OUTPUT_FILE ${SHARE}/${FILE}
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${SHARE})
file(MAKE_DIRECTORY ${SHARE}/man/man1 ${SHARE}/bash-completion/completions
  ${SHARE}/zsh/site-functions ${SHARE}/fish/vendor_completions.d)
write(man/man1/signalbox.1 help --man)
execute_process(COMMAND ${PROGRAM} complete -- "" OUTPUT_VARIABLE COMMANDS
  COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n\t]+\t" COMMANDS "${COMMANDS}")
foreach(COMMAND IN LISTS COMMANDS)
  string(STRIP ${COMMAND} COMMAND)
  write(man/man1/signalbox-${COMMAND}.1 help --man ${COMMAND})
endforeach()
write(bash-completion/completions/signalbox completion bash)
write(zsh/site-functions/_signalbox completion zsh)
write(fish/vendor_completions.d/signalbox.fish completion fish)
file(TOUCH ${SHARE}/written)
