#!/bin/sh
# What `train --live` costs: the same run with and without it, in turns, in a terminal of tmux.
#     tests/bench/live.sh [PROGRAM [TURNS]]
program=$(realpath "${1:-build/contrast}")
turns=${2:-5}
folder=$(mktemp -d)
tmux="tmux -L contrast-bench-$$ -f /dev/null"
trap '$tmux kill-server 2>/dev/null; rm -rf "$folder"' EXIT
$tmux new-session -d -x 120 -y 40 "cd '$folder' && exec sh" || exit 1

for _ in $(seq "$turns"); do
    for mode in plain live; do
        $tmux send-keys -l "'$program' train shapes monitor.evaluate_every=0 $([ $mode = live ] && echo --live) -o run --force; touch done"
        $tmux send-keys Enter
        while [ ! -e "$folder/done" ]; do sleep 0.2; done
        rm "$folder/done"
        sed -n '$s/.*"seconds":\([0-9.]*\).*/\1/p' "$folder/run/timing.jsonl" >>"$folder/$mode"
    done
done
middle() { sort -n "$folder/$1" | sed -n "$((turns / 2 + 1))p"; }
awk "BEGIN { printf \"%.2f s plain, %.2f s live (medians of $turns): %+.1f %%\\n\", $(middle plain), $(middle live), 100 * ($(middle live) / $(middle plain) - 1) }"
