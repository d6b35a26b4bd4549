#!/bin/sh
# What a run is good for afterwards: embed, search, inspect, export, import. The
# comparisons with NumPy, safetensors, onnxruntime and PyTorch are made with what is
# installed, and what is not is named. PYTHON=... chooses an interpreter that has them.
# shellcheck source=tests/support/system.sh
. "$(dirname "$0")/../support/system.sh"
here=$(dirname "$0")
python=${PYTHON:-python3}
drawn="data.n_train=512 data.n_validation=64 data.n_test=64 data.n_composition=32"
small="train.batch=32 train.steps=60
    image.layers=64,32 image.activation=gelu text.layers=64,32 text.activation=tanh text.buckets=512 text.bag_dim=32"
# shellcheck disable=SC2086 # the settings are words
run train shapes $drawn $small -q -o "$scratch/run"
check "a run" [ "$code" = 0 ]

printf 'a red star\nein GRÜNER Ring\nx\n- -\nШар, two shapes: red star above blue ring\na red star\n' >"$scratch/texts.txt"
run embed "$scratch/run" --texts "$scratch/texts.txt" -o "$scratch/texts.npy" --threads 1
check "texts are embedded" grep -q "6 unit rows of 32" "$scratch/out"
"$program" embed "$scratch/run" --texts - -o "$scratch/piped.npy" --threads 2 <"$scratch/texts.txt" >/dev/null
check "... from standard input and by two threads to the same bits" cmp "$scratch/texts.npy" "$scratch/piped.npy"
sed -n 5p "$scratch/texts.txt" >"$scratch/fifth.txt"
yes 'a red star' | head -n 10000 | "$program" embed "$scratch/run" --texts - -o "$scratch/many.npy" >"$scratch/out"
check "of any length" grep -qF "many.npy: 10000 unit rows of " "$scratch/out"
run embed "$scratch/run" --texts "$scratch/fifth.txt" -o "$scratch/fifth.npy"
check "... and alone" sh -c "tail -c 128 '$scratch/fifth.npy' >'$scratch/a'
    tail -c 256 '$scratch/texts.npy' | head -c 128 | cmp - '$scratch/a'"
{ printf 'P6 16 16 255\n'; head -c 768 "$program"; } >"$scratch/p.ppm"
run embed "$scratch/run" --images "$scratch/p.ppm" -o "$scratch/p.npy"
check "a picture is embedded" grep -q "1 unit row of 32" "$scratch/out"
check "rows of another width" rejects 1 "rows of 32 values, the run's tower reads 768" \
    embed "$scratch/run" --images "$scratch/texts.npy" -o "$scratch/no.npy"
check "texts for pictures" rejects 1 "the file holds texts" embed "$scratch/run" --images "$scratch/texts.txt" -o "$scratch/no.npy"
check "no file to embed" rejects 2 "expected --images F or --texts F" embed "$scratch/run" -o "$scratch/no.npy"
check "a folder that is not there" rejects 1 "/nowhere/e.npy" embed "$scratch/run" --texts "$scratch/texts.txt" -o /nowhere/e.npy

run search "$scratch/run" "a red star" -k 3
check "a text finds three images" [ "$(grep -c '^ *[-0-9.]* *[0-9]*  [a-z]' "$scratch/out")" = 3 ]
run search "$scratch/run" 7 --json
check "an image finds texts" [ "$(first index "$scratch/out")" -ge 0 ]
printf 'a red star\n3\n' | "$program" search "$scratch/run" --json >"$scratch/out"
check "queries are read as typed" [ "$(wc -l <"$scratch/out")" = 2 ]

# 69 bytes of header, spaces up to 72, 16 MB of zeros
{
    printf '\110\0\0\0\0\0\0\0%-72s' '{"x":{"dtype":"F32","shape":[2000,2000],"data_offsets":[0,16000000]}}'
    head -c 16000000 /dev/zero
} >"$scratch/large.safetensors"
check "a large file is listed in little more than its own size" \
    sh -c "ulimit -v 25000; '$program' inspect '$scratch/large.safetensors' | grep -q '4000000 values'"
run inspect "$scratch/run"
hash=$("$program" hash "$scratch/run" | cut -c1-16)
check "inspect shows parameters and the hash" grep -q "^[0-9]* values; hash $hash; file hash: right\$" "$scratch/out"
check "... not the file's beside it" sh -c "! grep -q contrast.hash '$scratch/out'"
check "... and the recipe" grep -q "^buckets = 512$" "$scratch/out"
run inspect "$scratch/run" --json
check "... and of each the standard deviation, by that name" grep -q '"mean":[-0-9.e]*,"std":[0-9]' "$scratch/out"
check "... and the hash" grep -q "^{\"hash\":\"$hash\"" "$scratch/out"
check "... as JSON" grep -q '"image.0.weight":{"shape":"(64, 768)"' "$scratch/out"

run export "$scratch/run" --torch "$scratch/model.py" --projector "$scratch/projector" --data "$scratch/pairs"
check "export" [ "$code" = 0 ]
check "... says what it wrote" [ "$(sed "s!$scratch/!!" "$scratch/out" | tr '\n' ';')" = \
    "model.py: written, with its weights;pairs: written;projector: written;" ]
check "it has model.py" [ -s "$scratch/model.py" ]
check "it has one vector per item" [ "$(awk -F '\t' 'NF == 32' "$scratch/projector/vectors.tsv" | wc -l)" = 128 ]
check "it has the split of each pair" [ "$(sort "$scratch/pairs/split.txt" | uniq -c | tr -s ' \n' ' ')" = \
    " 32 composition 64 test 512 train 64 validation " ]
# shellcheck disable=SC2086
run train shapes $small data.kind=pairs data.image="$scratch/pairs/image.npy" data.text="$scratch/pairs/text.txt" \
    data.groups="$scratch/pairs/groups.npy" data.split="$scratch/pairs/split.txt" -q -o "$scratch/again"
steps() { grep '"kind":"step"' "$1/log.jsonl"; }
check "the exported pairs are the same data" [ "$(steps "$scratch/again")" = "$(steps "$scratch/run")" ]
check "... and one label" [ "$(awk -F '\t' 'NF == 3' "$scratch/projector/metadata.tsv" | wc -l)" = 129 ]
# shellcheck disable=SC2086
run import "$scratch/model.safetensors" shapes $drawn $small -o "$scratch/back"
check "import" [ "$code" = 0 ]
check "... says what it wrote" grep -qF "$scratch/back: imported, at step 0; next: $program eval" "$scratch/out"
run embed "$scratch/back" --texts "$scratch/texts.txt" -o "$scratch/back.npy"
check "imported weights give the same embeddings" cmp "$scratch/texts.npy" "$scratch/back.npy"
run resume "$scratch/back" -q
check "an imported run can be trained on" [ "$code" = 0 ]

# What other programs make of the weights: other names, integers, a tensor more; a NaN; a name that is gone.
python3 - "$scratch/model.safetensors" "$scratch" <<'END'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", data[:8])[0]
tensors = {k: v for k, v in json.loads(data[8:8 + n]).items() if k != "__metadata__"}
def save(name, prefix="", more=(), change=lambda name, x: x, drop=()):
    header, body = {}, b""
    for k, v in tensors.items():
        if k not in drop and not k.startswith(("optim.", "queue.")):
            x = change(k, data[8 + n:][slice(*v["data_offsets"])])
            header[prefix + k] = dict(v, data_offsets=[len(body), len(body) + len(x)])
            body += x
    for k, kind, x in more:
        header[k] = {"dtype": kind, "shape": [1], "data_offsets": [len(body), len(body) + len(x)]}
        body += x
    text = json.dumps(header).encode()
    open(f"{sys.argv[2]}/{name}.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + body)
save("wrapped", "module.", [("bn.num_batches_tracked", "I64", struct.pack("<q", -7)), ("head.scale", "F32", bytes(4))])
save("nan", change=lambda k, x: x[:-4] + struct.pack("<f", float("nan")) if k == "image.0.weight" else x)
save("gone", drop=["image.0.weight"], more=[("picture.0.weight", "F32", bytes(4))])
END
# shellcheck disable=SC2086
run import "$scratch/wrapped.safetensors" shapes $drawn $small -o "$scratch/wrapped"
check "names with module. in front are imported" [ "$code" = 0 ]
check "... and what is not used is named" grep -q "wrapped.safetensors: not used: head.scale$" "$scratch/err"
check "... with the same weights" [ "$("$program" hash "$scratch/wrapped" | cut -c1-16)" = "$("$program" hash "$scratch/model.safetensors" | cut -c1-16)" ]
run inspect "$scratch/wrapped.safetensors"
check "inspect shows integers" grep -q "bn.num_batches_tracked  *(1)  *-7" "$scratch/out"
# shellcheck disable=SC2086
check "a NaN is refused by its tensor" rejects 1 "nan.safetensors: image.0.weight has a value that is not finite" import "$scratch/nan.safetensors" shapes $drawn $small -o "$scratch/no"
check "... by inspect too" rejects 1 "image.0.weight has a value that is not finite" inspect "$scratch/nan.safetensors"
# shellcheck disable=SC2086
check "a tensor that is missing, and what is there instead" rejects 1 "there is no image.0.weight; not used: picture.0.weight" import "$scratch/gone.safetensors" shapes $drawn $small -o "$scratch/no"

if "$python" -c "import numpy" 2>/dev/null; then
    "$python" -c "import numpy as np, sys
np.save(sys.argv[1], (np.random.default_rng(1).random((20, 16, 16, 3)) * 255).astype(np.uint8))" "$scratch/x.npy"
    run embed "$scratch/run" --images "$scratch/x.npy" -o "$scratch/images.npy"
    check "NumPy's array is read, ours by NumPy, and the exports agree" "$python" "$here/../support/compare_exports.py" \
        "$scratch/run" "$scratch" "$scratch/x.npy" "$scratch/images.npy" "$scratch/texts.txt" "$scratch/texts.npy"
else
    echo "handover: comparisons left out: NumPy is not installed"
    check "NumPy under CI" [ -z "$CI" ]
fi

# ---- training continued in PyTorch, on one process and on several ----

tiny="$drawn $small data.first_object=true data.n_train=64 train.batch=64 optim.warmup=3 optim.schedule=cosine optim.clip=1 optim.weight_decay=0.01
    monitor.log_every=1 monitor.snapshots=0"
# lossrun NAME SETTINGS: what handover_torch.py reads, see there. The moments begin with the import.
lossrun() {
    to=$scratch/losses/$1
    shift
    # shellcheck disable=SC2086
    "$program" train shapes -q -o "$scratch/begin" --force $tiny "$@" train.steps=1 &&
        "$program" export "$scratch/begin" --torch "$scratch/begin.py" &&
        "$program" import "$scratch/begin.safetensors" shapes -q $tiny "$@" train.steps=51 -o "$to/all" &&
        "$program" export "$to/all" --torch "$to/model.py" --data "$to/pairs" &&
        "$program" import "$scratch/begin.safetensors" shapes -q $tiny "$@" train.steps=1 -o "$to/one" &&
        "$program" resume -q "$to/one" && "$program" resume -q "$to/all"
}
# recall RUN: recall@1 on test, the mean of both directions.
recall() {
    "$program" eval "$1" --json | sed -n 's/.*"recall_at_1":\[*\([0-9.]*\),*\([0-9.]*\).*/\1 \2/p' |
        awk '{ print ($1 + $2) / 2; exit }'
}

if "$python" -c "import torch, safetensors" 2>/dev/null; then
    export OMP_NUM_THREADS=1
    while read -r name settings; do
        # shellcheck disable=SC2086
        lossrun "$name" $settings </dev/null >"$scratch/out" 2>&1
        check "runs of $name for PyTorch" [ $? = 0 ]
    done <<'RUNS'
question loss.name=question
infonce loss.name=infonce
clip loss.name=clip loss.learn_temperature=true
siglip loss.name=siglip loss.learn_temperature=true
ntxent loss.name=ntxent
unicl loss.name=unicl loss.learn_temperature=true
supcon loss.name=supcon loss.learn_temperature=true
masked loss.name=supcon loss.mask_groups=true
sgd loss.name=clip loss.learn_temperature=true optim.name=sgd optim.rate=0.01 optim.momentum=0.9
RUNS
    # together N ARGS...: a Python program as N processes.
    together() {
        n=$1
        shift
        "$python" -m torch.distributed.run --nproc-per-node="$n" "$@"
    }
    check "one process: losses and gradients" "$python" "$here/../support/handover_torch.py" "$scratch/losses"
    for n in 2 4; do
        check "$n processes: losses and gradients" together $n "$here/../support/handover_torch.py" "$scratch/losses"
    done
    together 2 "$here/../support/handover_torch.py" "$scratch/losses" --plant >"$scratch/out" 2>/dev/null
    check "a gather without a gradient is found" grep -q "clip: gradient" "$scratch/out"

    # The lines that README gives to a loop in PyTorch.
    { printf 'import numpy, torch\nstep = 100\na, b = torch.randn(2, 64, 8, requires_grad=True)\n'
        awk '$0 == "```" { inside = 0 } inside; $0 == "```python" { inside = 1 }' "$here/../../README.md"; } >"$scratch/loop.py"
    (cd "$scratch" && "$python" loop.py)
    run diagnose "$scratch/A.npy" "$scratch/B.npy"
    check "README's lines of Python write what diagnose reads" grep -q "^unaligned" "$scratch/out"

    # README's commands, on a small run.
    mkdir -p "$scratch/readme/build" "$scratch/readme/runs"
    cp -r "$scratch/run" "$scratch/readme/runs/first"
    ln -s "$program" "$scratch/readme/build/contrast"
    grep -E '^(build/contrast|python|torchrun) .*(model\.py|trained\.)' "$here/../../src/cli/README.md" >"$scratch/commands"
    check "src/cli/README.md has the commands" [ "$(wc -l <"$scratch/commands")" = 5 ]
    while read -r line; do
        check "README: $line" env PATH="$(dirname "$(command -v "$python")"):$PATH" \
            sh -c "exec >'$scratch/out' 2>&1 </dev/null; cd '$scratch/readme' && $line"
    done <"$scratch/commands"

    # What PyTorch wrote is a run, and weights to begin one with.
    back=$scratch/readme/runs/back
    for words in "eval $back" "diagnose $back" "search $back red" "plot plane $back -o $scratch/back.svg"; do
        # shellcheck disable=SC2086
        run $words
        check "${words%%/*}what PyTorch wrote" [ "$code" = 0 ]
    done
    run report "$back" -o "$scratch/back.html"
    check "a report of it" grep -q "The run was imported at step [1-9]" "$scratch/back.html"
    (cd "$scratch/readme/runs" && "$python" model.py --weights trained.safetensors save weights.safetensors)
    # shellcheck disable=SC2086
    run train shapes $drawn $small -q train.steps=1 optim.rate=1e-30 --weights "$scratch/readme/runs/weights.safetensors" -o "$scratch/begun"
    check "its weights alone begin a run" [ "$code" = 0 ]
    for from in "$back" "$scratch/begun"; do
        "$program" embed "$from" --texts "$scratch/texts.txt" -o "$from.npy" >/dev/null
    done
    check "... with the same embeddings" cmp "$back.npy" "$scratch/begun.npy"
    check "weights alone are no checkpoint" rejects 1 "weights alone need a recipe" \
        import "$scratch/readme/runs/weights.safetensors" -o "$scratch/no"
    printf 'a\342\200\250star\r\nred\n' >"$scratch/odd.txt"
    (cd "$scratch/readme/runs" && "$python" model.py embed --texts "$scratch/odd.txt" -o "$scratch/odd.npy")
    check "only a newline ends a caption" [ "$(wc -c <"$scratch/odd.npy")" = $((128 + 2 * 4 * 32)) ]
    "$python" "$scratch/readme/runs/model.py" train --data "$scratch/readme/runs/pairs" >"$scratch/out" 2>&1
    check "a run that is done asks for more steps" grep -q "say how many more, --steps N" "$scratch/out"

    # 300 steps here, 300 there, back here: as good as 600 steps in one place.
    longer="data.n_train=2048 data.n_validation=256 data.n_test=512 train.batch=64 image.layers=64,32 text.layers=64,32
        text.buckets=512 text.bag_dim=32 optim.schedule=constant optim.rate=0.001 monitor.snapshots=0"
    for seed in 1 2 3 4 5; do
        # shellcheck disable=SC2086
        "$program" train shapes -q $longer train.steps=600 train.seed=$seed -o "$scratch/long-$seed" >/dev/null
        recall "$scratch/long-$seed"
    done | sort -n >"$scratch/recalls"
    # shellcheck disable=SC2086
    run train shapes -q $longer train.steps=300 -o "$scratch/half"
    run export "$scratch/half" --torch "$scratch/half.py" --data "$scratch/half-pairs"
    check "300 steps on two processes" together 2 "$scratch/half.py" train --data "$scratch/half-pairs" --steps 300 \
        -o "$scratch/trained.safetensors" >"$scratch/log"
    run import "$scratch/trained.safetensors" -o "$scratch/whole"
    check "back in contrast" [ "$code" = 0 ]
    found=$(recall "$scratch/whole")
    echo "handover: recall@1 $found after 300 + 300 steps; 600 in one place: $(tr '\n' ' ' <"$scratch/recalls")"
    check "recall as after 600 steps" holds "$found >= $(head -n 1 "$scratch/recalls") && $found <= $(tail -n 1 "$scratch/recalls")"
    run resume "$scratch/whole"
    check "it can be resumed" [ "$code" = 0 ]
else
    echo "handover: training in PyTorch left out: torch and safetensors are not installed"
fi
done_testing
