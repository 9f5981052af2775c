#ifndef SIGNALBOX_TESTS_SIMULATION_THE_MUTANT_H_
#define SIGNALBOX_TESTS_SIMULATION_THE_MUTANT_H_

namespace signalbox {

// The deliberate fault that is switched on in this process: its place in
// mutants.txt, counted from 1. 0: none. The code that apply_mutants.py puts
// into the server's sources asks for it.
inline int the_mutant = 0;

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_THE_MUTANT_H_
