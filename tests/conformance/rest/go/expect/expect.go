// Package expect ends a program whose expectation is wrong.
package expect

import (
	"fmt"
	"os"
	"strings"
)

// States are the four states of a commit status.
var States = []string{"pending", "success", "failure", "error"}

// Creators are the users that may have created a status: a bot, until Signalbox
// has posted for the first time and knows GitHub's user.
var Creators = map[string]bool{"signalbox": true, "user-1": true}

// LongDescription is more than GitHub shows, with a character that it refuses.
var LongDescription = "\U0001f680 " + strings.Repeat("é", 200)

// That ends the program unless `ok`.
func That(ok bool, what string, values ...any) {
	if ok {
		return
	}
	fmt.Fprintln(os.Stderr, append([]any{"not as expected:", what}, values...)...)
	os.Exit(1)
}

// NoError ends the program if there is an error.
func NoError(err error, what string) { That(err == nil, what, err) }
