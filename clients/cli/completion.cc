#include "clients/cli/completion.h"

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

// Describes the place of the word at the cursor, from the words before it.
struct Place {
  const CLI::App* command = nullptr;     // The program, or its subcommand.
  const CLI::Option* awaits = nullptr;   // The option whose value comes next.
  std::set<const CLI::Option*> options;  // Already given.
  size_t positionals = 0;                // How many were given.
  bool is_unknown = false;               // The subcommand is unknown.
  bool is_in_command = false;            // Behind `--`.
};

// `word` is the first word that is no option, so it names the subcommand.
void EnterSubcommand(const CLI::App& app, const std::string& word,
                     Place* place) {
  for (const CLI::App* one : app.get_subcommands({})) {
    if (one->check_name(word)) place->command = one;
  }
  place->is_unknown = place->command == &app;
}

Place FindPlace(const CLI::App& app, const std::vector<std::string>& words) {
  Place place;
  place.command = &app;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (place.awaits != nullptr) {
      // bash splits --state=failure into three words.
      const bool is_sign =
          word == "=" && place.awaits->check_name(words[i - 1]);
      if (!is_sign) place.awaits = nullptr;
    } else if (word == "--") {
      place.is_in_command = true;
      return place;
    } else if (absl::StartsWith(word, "-")) {
      const size_t equals = word.find('=');
      const CLI::Option* option =
          FindOption(*place.command, word.substr(0, equals));
      if (option == nullptr) continue;
      place.options.insert(option);
      if (equals == std::string::npos && TakesValue(*option)) {
        place.awaits = option;
      }
    } else if (place.command == &app) {
      EnterSubcommand(app, word, &place);
      if (place.is_unknown) return place;
    } else {
      ++place.positionals;
    }
  }
  return place;
}

void AddOptions(const Place& place, std::vector<std::string>* lines) {
  for (const CLI::Option* option : place.command->get_options()) {
    const bool is_repeatable = option->get_expected_max() > 1;
    if (place.options.count(option) > 0 && !is_repeatable) continue;
    for (const std::string& name : option->get_lnames()) {
      lines->push_back(
          Line(absl::StrCat("--", name), option->get_description()));
    }
  }
  if (place.command->get_name() == "run") {
    lines->push_back(Line("--", "before COMMAND"));
  }
}

void AddValues(const ValuesByName& values, const std::string& name,
               std::vector<std::string>* lines) {
  const auto known = values.find(name);
  if (known == values.end()) return;
  for (const std::string& value : known->second) {
    lines->push_back(Line(value, ""));
  }
}

// All completions for the place. The caller keeps those that fit the word.
std::vector<std::string> AllAt(const Place& place, const CLI::App& app,
                               const ValuesByName& values, bool is_option) {
  std::vector<std::string> lines;
  if (place.awaits != nullptr) {
    const std::string type = place.awaits->get_type_name();
    if (type == "FILE") return {":file"};
    AddValues(values, type, &lines);
  } else if (is_option) {
    AddOptions(place, &lines);
  } else if (place.command == &app) {
    for (const CLI::App* one : app.get_subcommands({})) {
      lines.push_back(Line(one->get_name(), one->get_description()));
    }
  } else if (place.positionals == 0) {
    for (const CLI::Option* option : place.command->get_options()) {
      if (option->get_positional()) {
        AddValues(values, option->get_name(), &lines);
      }
    }
  }
  return lines;
}

}  // namespace

std::vector<std::string> Completions(const CLI::App& app,
                                     const ValuesByName& values,
                                     const std::vector<std::string>& words) {
  Place place = FindPlace(app, words);
  if (place.is_unknown) return {};
  if (place.is_in_command) {
    if (place.command->get_name() != "run") return {};
    return {":command"};
  }
  std::string begun = words.empty() ? "" : words.back();
  std::string before;  // The part of the word that stays.
  if (place.awaits != nullptr) {
    if (begun == "=") begun.clear();
  } else if (const size_t equals = begun.find('=');
             absl::StartsWith(begun, "--") && equals != std::string::npos) {
    place.awaits = FindOption(*place.command, begun.substr(0, equals));
    if (place.awaits == nullptr) return {};
    before = begun.substr(0, equals + 1);
    begun.erase(0, equals + 1);
  }
  std::vector<std::string> found;
  for (const std::string& line :
       AllAt(place, app, values, absl::StartsWith(begun, "-"))) {
    const bool is_order = absl::StartsWith(line, ":");
    if (is_order || absl::StartsWith(line, begun)) {
      found.push_back(is_order ? line : absl::StrCat(before, line));
    }
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
