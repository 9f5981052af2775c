#include "clients/cli/completion.h"

#include <algorithm>
#include <set>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

// The shells ask `signalbox complete -- WORDS...`, where the last word is the
// one at the cursor.
constexpr char kBash[] = R"sh(# bash completion for signalbox
_signalbox() {
  local IFS=$'\n' word line
  word=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  while read -r line; do
    case $line in
      :file)
        compopt -o filenames 2>/dev/null
        COMPREPLY+=($(compgen -f -- "$word")) ;;
      :command)
        local i
        for ((i = 1; i < COMP_CWORD; i++)); do
          [[ ${COMP_WORDS[i]} == -- ]] && break
        done
        if declare -F _command_offset >/dev/null; then
          unset IFS
          _command_offset $((i + 1))
        elif ((COMP_CWORD == i + 1)); then
          COMPREPLY+=($(compgen -c -- "$word"))
        else
          compopt -o filenames 2>/dev/null
          COMPREPLY+=($(compgen -f -- "$word"))
        fi ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _signalbox signalbox
)sh";

constexpr char kZsh[] = R"sh(#compdef signalbox
# zsh completion for signalbox
_signalbox() {
  local line ret=1
  local -a found
  while IFS= read -r line; do
    case $line in
      :file) _files && ret=0 ;;
      :command)
        local i=${words[(i)--]}
        words=("${(@)words[i+1,-1]}")
        (( CURRENT -= i ))
        _normal && ret=0 ;;
      *) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
    esac
  done < <("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
  (( $#found )) && _describe signalbox found && ret=0
  return ret
}
if [[ $funcstack[1] == _signalbox ]]; then
  _signalbox "$@"
else
  compdef _signalbox signalbox
fi
)sh";

constexpr char kFish[] = R"sh(# fish completion for signalbox
function __signalbox_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] complete -- $words[2..-1] 2>/dev/null)
        switch $line
            case ':file'
                __fish_complete_path (commandline -ct)
            case ':command'
                set -l i (contains -i -- -- $words)
                __fish_complete_subcommand --commandline $words[(math $i + 1)..-1]
            case '*'
                echo $line
        end
    end
end
complete -c signalbox -f -a '(__signalbox_complete)'
)sh";

std::string Line(absl::string_view word, absl::string_view description) {
  return absl::StrCat(word, "\t", description);
}

const CLI::Option* FindOption(const CLI::App& app, const std::string& word) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->check_name(word) && !option->get_positional()) return option;
  }
  return nullptr;
}

bool TakesValue(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

}  // namespace

std::vector<std::string> Completions(const CLI::App& app,
                                     const ValuesByName& values,
                                     const std::vector<std::string>& words) {
  std::string begun = words.empty() ? "" : words.back();
  std::string before;  // The part of the word that stays.
  const CLI::App* command = &app;
  const CLI::Option* waits = nullptr;  // For its value.
  std::set<const CLI::Option*> seen;
  size_t positionals = 0;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (waits != nullptr) {
      // bash makes three words of --state=failure.
      if (word != "=" ||
          words[i - 1] != absl::StrCat("--", waits->get_lnames()[0])) {
        waits = nullptr;
      }
    } else if (word == "--") {
      if (command->get_name() != "run") return {};
      return {":command"};
    } else if (absl::StartsWith(word, "-")) {
      const size_t equals = word.find('=');
      const CLI::Option* option = FindOption(*command, word.substr(0, equals));
      if (option == nullptr) continue;
      seen.insert(option);
      if (equals == std::string::npos && TakesValue(*option)) waits = option;
    } else if (command == &app) {
      for (const CLI::App* one : app.get_subcommands({})) {
        if (one->check_name(word)) command = one;
      }
      if (command == &app) return {};
    } else {
      ++positionals;
    }
  }

  if (waits != nullptr && begun == "=") begun.clear();
  if (const size_t equals = begun.find('='); waits == nullptr &&
                                             absl::StartsWith(begun, "--") &&
                                             equals != std::string::npos) {
    waits = FindOption(*command, begun.substr(0, equals));
    if (waits == nullptr) return {};
    before = begun.substr(0, equals + 1);
    begun.erase(0, equals + 1);
  }
  std::vector<std::string> found;
  const auto add = [&](absl::string_view word, absl::string_view description) {
    if (absl::StartsWith(word, begun)) {
      found.push_back(Line(absl::StrCat(before, word), description));
    }
  };
  const auto add_values = [&](const std::string& name) {
    const auto known = values.find(name);
    if (known == values.end()) return;
    for (const std::string& value : known->second) add(value, "");
  };
  if (waits != nullptr) {
    const std::string type = waits->get_type_name();
    if (type == "FILE") return {":file"};
    add_values(type);
    return found;
  }
  if (absl::StartsWith(begun, "-")) {
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_positional() && option->get_lnames().empty()) continue;
      if (seen.count(option) > 0 && option->get_expected_max() == 1) continue;
      for (const std::string& name : option->get_lnames()) {
        add(absl::StrCat("--", name), option->get_description());
      }
    }
    if (command->get_name() == "run") add("--", "before COMMAND");
    return found;
  }
  if (command == &app) {
    for (const CLI::App* one : app.get_subcommands({})) {
      if (!one->get_group().empty()) {
        add(one->get_name(), one->get_description());
      }
    }
    return found;
  }
  if (positionals > 0) return found;
  for (const CLI::Option* option : command->get_options()) {
    if (option->get_positional()) add_values(option->get_name());
  }
  return found;
}

std::string CompletionScript(absl::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return "";
}

}  // namespace signalbox
