#!/bin/sh
# A run that is killed at random moments, as often as KILLS says (default 30), and
# resumed with another number of threads each time, ends with the bytes of a run that
# was not; so does one that a signal stopped, and one that goes on under another
# processor. Two writers, and what cannot be resumed, are refused.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
kills=${KILLS:-30}
settings="data.n_train=300 data.n_validation=40 data.n_test=40 data.n_composition=20 train.batch=32 train.steps=300 loss.queue=64
    image.layers=32,16 image.dropout=0.1 text.layers=32,16 text.buckets=256 text.bag_dim=16 optim.warmup=5
    monitor.evaluate_every=7 monitor.log_every=1 train.checkpoint_every=3 monitor.pairs=40"

# shellcheck disable=SC2086 # settings are words
begin() { "$program" train shapes $settings -q -o "$@" >"$scratch/out" 2>"$scratch/err"; }
begin "$scratch/whole"
check "a run that nobody stops" [ $? = 0 ]
last=latest.safetensors

# same RUN WHAT
same() {
    for file in "$last" log.jsonl best.safetensors; do
        check "$2: the same $file" cmp -s "$scratch/whole/$file" "$1/$file"
    done
}

# A fraction of a second from 0 to 0.3, the same ones every time.
moment() { awk "BEGIN { srand($1); rand(); printf \"%.3f\", rand() * 0.3 }"; }

done_kills=0 runs=0
while [ $done_kills -lt "$kills" ]; do
    run_folder=$scratch/killed-$runs
    runs=$((runs + 1))
    threads=1
    while :; do
        if [ -f "$run_folder/recipe.ini" ]; then
            "$program" resume "$run_folder" -q --threads $threads >"$scratch/out" 2>"$scratch/err" &
        else # killed before it was a run
            # shellcheck disable=SC2086
            "$program" train shapes $settings -q -o "$run_folder" --threads $threads >"$scratch/out" 2>"$scratch/err" &
        fi
        pid=$!
        threads=$((3 - threads))
        sleep "$(moment $((done_kills + 1)))"
        kill -KILL $pid 2>/dev/null && done_kills=$((done_kills + 1))
        wait $pid 2>/dev/null
        code=$?
        [ $code = 137 ] && [ $done_kills -lt "$kills" ] && continue
        break
    done
    if [ $code = 137 ]; then
        run resume "$run_folder" -q
    fi
    check "resumed to its end: $(cat "$scratch/err")" [ $code = 0 ]
    same "$run_folder" "killed $done_kills times so far"
    [ $failed = 0 ] || break
done
echo "resume: $done_kills kills of $runs runs"

# until_true COMMAND...: wait for it, at most a minute.
until_true() {
    tries=0
    until "$@" 2>/dev/null || [ $tries -ge 600 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
}

"$program" train shapes -q -o "$scratch/stopped" train.steps=100000 train.batch=32 data.n_train=300 \
    train.checkpoint_every=10 >/dev/null 2>&1 &
pid=$!
until_true [ -f "$scratch/stopped/latest.safetensors" ]
begun=$(date +%s%N)
kill -TERM $pid
wait $pid
check "SIGTERM exits with 143" [ $? = 143 ]
check "... within a second" [ $((($(date +%s%N) - begun) / 1000000)) -lt 1000 ]
check "... and a checkpoint is there" [ -s "$scratch/stopped/latest.safetensors" ]

"$program" resume "$scratch/stopped" -q >/dev/null 2>&1 &
pid=$!
until_true grep -q '"from_step":[1-9]' "$scratch/stopped/environment.json"
sleep 0.2
begun=$(date +%s%N)
kill -INT $pid
wait $pid
check "Ctrl-C exits with 130" [ $? = 130 ]
check "... within a second" [ $((($(date +%s%N) - begun) / 1000000)) -lt 1000 ]

"$program" train latent -q -o "$scratch/slow" data.n_train=8192 train.batch=8192 image.layers=1024,1024,1024,64 \
    text.layers=1024,1024,1024,64 >/dev/null 2>&1 & # some seconds a step
pid=$!
until_true [ -f "$scratch/slow/environment.json" ]
sleep 0.5
kill -INT $pid
sleep 0.2
check "one Ctrl-C waits for the step" kill -0 $pid
begun=$(date +%s%N)
kill -INT $pid
wait $pid
check "a second one quits" [ $? = 130 ]
check "... at once" [ $((($(date +%s%N) - begun) / 1000000)) -lt 300 ]

rm "$scratch/stopped/environment.json"
"$program" resume "$scratch/stopped" -q >/dev/null 2>&1 &
pid=$!
until_true grep -q '"from_step":[1-9]' "$scratch/stopped/environment.json"
check "a second writer is refused" rejects 1 "another process is writing there" resume "$scratch/stopped"
kill -KILL $pid
wait $pid 2>/dev/null
check "no folder" rejects 1 "nowhere: is no run" resume "$scratch/nowhere"
check "no argument" rejects 2 "resume: expected RUN" resume
check "no checkpoint's name" rejects 2 "expected latest or best" resume "$scratch/whole" --checkpoint 77
cp -r "$scratch/whole" "$scratch/none"
rm "$scratch/none/best.safetensors"
check "no such checkpoint" rejects 1 "none/best.safetensors" resume "$scratch/none" --checkpoint best
cp -r "$scratch/whole" "$scratch/torn"
printf x | dd of="$scratch/torn/$last" bs=1 seek=5000 conv=notrunc 2>/dev/null
check "a damaged checkpoint is named" rejects 1 "torn/$last: is damaged" resume "$scratch/torn"
# A folder from elsewhere: what is written in place is a file of its own, or nothing is written.
echo precious >"$scratch/precious"
for kind in mkfifo "ln -s ../precious" "ln ../precious"; do
    for file in log.jsonl timing.jsonl; do
        rm -rf "$scratch/trap"
        cp -r "$scratch/none" "$scratch/trap"
        (cd "$scratch/trap" && rm $file && $kind $file)
        check "$kind $file is refused" rejects 1 "trap/$file: expected a" resume "$scratch/trap"
        check "... and nothing came of it" [ "$(cat "$scratch/precious")" = precious ]
    done
done
ln -sf nowhere "$scratch/trap/$last"
check "a checkpoint that cannot be seen is not taken for none" rejects 1 "trap/$last" resume "$scratch/trap"
run resume "$scratch/whole" -q
check "a finished run may be resumed" [ "$code" = 0 ]
cp "$scratch/torn/log.jsonl" "$scratch/metrics"
check "... and stays as it was" cmp -s "$scratch/metrics" "$scratch/whole/log.jsonl"

# Begun here, ended on another processor.
other=build/bits-aarch64/release/contrast
if ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64-static >/dev/null; then
    echo "resume: aarch64 left out: its compiler or emulator is not installed"
    check "aarch64 under CI" [ -z "$CI" ]
else
    (cd "$(dirname "$0")/../.." && make -s CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar LDFLAGS=-static \
        ROOT=build/bits-aarch64 $other) || check "building for aarch64" false
    cp -r "$scratch/whole" "$scratch/arm"
    check "resumed on aarch64" sh -c "cd '$(dirname "$0")/../..' && qemu-aarch64-static $other resume '$scratch/arm' \
        --checkpoint best -q >/dev/null"
    same "$scratch/arm" "resumed on aarch64"
fi
done_testing
