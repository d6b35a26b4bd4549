#!/bin/sh
# `train --live` in a real terminal (tmux): what the screen shows, also at 40 columns, after
# a resize, and after the program ends by itself, by Ctrl-C and by SIGKILL.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
small="data.n_train=2048 data.n_validation=64 data.n_test=64 data.n_composition=32 train.batch=64"
cd "$scratch" || exit 1

# shellcheck disable=SC2086 # the settings are words
run train shapes $small train.steps=30 -q -o plain
# shellcheck disable=SC2086
run train shapes $small train.steps=30 --live -o piped
check "without a terminal there are plain lines" grep -q '^step 30/30 ' err
check "... and no escapes" sh -c "! grep -q '$(printf '\033')' err"

# At a pace that can be watched; what it leaves is the same.
# shellcheck disable=SC2086
"$program" train shapes $small train.steps=30 --slow -o slow 2>pace >/dev/null </dev/null &
slow=$!
sleep 3
check "--slow is not over in 3 s" kill -0 "$slow"
for _ in $(seq 1 80); do grep -q '^step 3/30 ' pace && break; sleep 0.1; done # at 2 s, where the machine has time
check "... but where an even pace would be" kill -0 "$slow"
check "... after a tenth of the steps" grep -q '^step 3/30 ' pace
check "... and not much further" sh -c "! grep -q '^step 27/30 ' pace"
kill "$slow"
wait "$slow"
check "... and ends on a signal, saved" [ $? -eq 143 ]
check "... after a step or more, not all" grep -q '^step [1-9]*/30 ' pace
run resume slow -q
check "... and continued at full speed, it is the same run" cmp -s plain/latest.safetensors slow/latest.safetensors
check "... with the same numbers" cmp -s plain/log.jsonl slow/log.jsonl

if ! command -v tmux >/dev/null; then
    echo "skipped: tmux is not installed"
    [ "${CI:-}" != true ] && [ "$failed" -eq 0 ]
    exit
fi
tmux="tmux -L contrast-live-$$ -f /dev/null"
trap '$tmux kill-server 2>/dev/null; rm -rf "$scratch"' EXIT
export COLUMNS="" TERM=screen-256color
$tmux new-session -d -x 100 -y 40 "cd '$scratch' && PS1='\$ ' exec sh"

# type TEXT: as if typed, with Enter.
type_line() {
    $tmux send-keys -l "$1"
    $tmux send-keys Enter
}

# sees TEXT: the screen shows it within 20 seconds.
sees() {
    for _ in $(seq 1 200); do
        $tmux capture-pane -p >screen
        grep -qF -e "$1" screen && return 0
        sleep 0.1
    done
    echo "the screen does not show \"$1\":" >&2
    cat screen >&2
    return 1
}

# Within 20 seconds a frame fills the screen once: one line of each kind, none wrapped onto the next.
whole() {
    for _ in $(seq 1 200); do
        $tmux capture-pane -p >screen
        [ "$(grep -c '^step [0-9]*/' screen) $(grep -c '^cosines, pairs' screen) $(grep -c '^loss: ' screen)" = "1 1 1" ] &&
            head -n 1 screen | grep -q '^step ' && return 0
        sleep 0.1
    done
    cat screen >&2
    return 1
}

# Within 20 seconds a frame, not caught half drawn, has all rows of the matrix.
all_rows() {
    for _ in $(seq 1 200); do
        $tmux capture-pane -p >screen
        [ "$(sed -n '/^cosines of 32/,$p' screen | grep -c .)" -eq 17 ] && return 0
        sleep 0.1
    done
    cat screen >&2
    return 1
}

type_line "stty -g >before; '$program' train shapes $small train.steps=30 --live -o seen; echo en''ded \$?; stty -g >after"
check "it ends" sees "ended 0"
check "the figures of the end are there" sees "recall@1"
check "the terminal is as it was" cmp -s before after
check "watching changes no bit" cmp -s plain/latest.safetensors seen/latest.safetensors
check "... nor a number" cmp -s plain/log.jsonl seen/log.jsonl

type_line "clear; '$program' train shapes $small train.steps=100000 --live -o long; echo en''ded \$?"
check "a frame" sees "cosines of 32 images"
check "its landmarks" sees "all equal: ="
check "its state, in words" grep -qE '^(healthy|collapsed|dimensional-collapse|plateau|unaligned|mispaired|modality-gap|uncertain):' screen
check "it is whole" whole
$tmux resize-window -x 40 -y 16
sleep 1
check "at 40 columns it is whole" whole
$tmux resize-window -x 120 -y 50
sleep 1
check "after a resize it is whole" whole
check "... and the matrix is back" sees "cosines of 32 images (rows) and captions (columns)"
check "... all of it" all_rows
$tmux send-keys C-c
check "Ctrl-C ends it, saved" sees "ended 130"
check "the prompt is back" sh -c "$tmux send-keys -l 'echo a''live' && $tmux send-keys Enter"
check "... and answers" sees "alive"

type_line "clear; '$program' train shapes $small train.steps=100000 --live -o killed; echo en''ded \$?; stty -g >after"
check "another one runs" sees "cosines of 32 images"
kill -9 "$($tmux list-panes -F '#{pane_pid}' | xargs -n 1 pgrep -P | head -n 1)"
check "SIGKILL ends it" sees "ended 137"
check "the terminal is as it was even then" cmp -s before after
check "the cursor shows" [ "$($tmux display-message -p '#{cursor_flag} #{alternate_on}')" = "1 0" ]

type_line "clear; '$program' train latent loss.name=clip loss.queue=512 train.batch=32 loss.temperature=0.5 loss.learn_temperature=false \
    optim.rate=1e-9 train.steps=100000 --live -o queue; echo en''ded \$?"
check "the landmarks of a loss with a queue" sees "all equal: = 6.2989   floor: . \
$(awk 'BEGIN { printf "%.4g", log(1 + 543 * exp(-544 / 543 / 0.5)) }')"
$tmux send-keys C-c
check "... which ends too" sees "ended 130"

type_line "clear; '$program' demo --live; echo en''ded \$?"
for _ in 1 2 3; do # its healthy run comes last
    sees "cosines of 32 images" 2>/dev/null && break
done
check "the demo's healthy run, live" whole
check "... and then its story to the end" sees "contrast train shapes -o run"

done_testing
