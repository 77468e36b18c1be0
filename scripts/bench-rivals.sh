#!/bin/sh
# Measures the suites beside PyTorch, JAX and ONNX Runtime, in the same run, and
# writes benchmarks/RESULTS.md. The rivals are installed into a folder of the
# user's cache, never into the tree, with newer builds of OpenBLAS and oneDNN
# than distributions have. Needs python3 with venv, and a C++ compiler for
# torch.compile.
#
# BENCH_ONLY='GAU|^mm_' measures only rows whose names match; what was measured
# before stays, in out/bench.
set -eu
cd "$(dirname "$0")/.."
home=${XDG_CACHE_HOME:-$HOME/.cache}/lathe/rivals
python=$home/venv/bin/python
if ! [ -x "$python" ] || ! "$python" -c 'import torch, jax, onnxruntime, onnxscript, scipy_openblas32' 2>/dev/null; then
	mkdir -p "$home"
	python3 -m venv "$home/venv"
	"$home/venv/bin/pip" install --upgrade -r benchmarks/rivals/requirements.txt
fi
if [ -z "${LATHE_OPENBLAS:-}" ]; then
	LATHE_OPENBLAS=$("$python" -c 'import glob, os, scipy_openblas32 as s; print(glob.glob(os.path.join(s.get_lib_dir(), "libscipy_openblas*.so"))[0])')
fi
if [ -z "${LATHE_ONEDNN:-}" ] && [ -e "$home/venv/lib/libdnnl.so.3" ]; then
	LATHE_ONEDNN=$home/venv/lib/libdnnl.so.3
fi
export LATHE_OPENBLAS LATHE_ONEDNN
# They make libraries take kernels for another processor.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE ATEN_CPU_CAPABILITY MKL_DEBUG_CPU_TYPE 2>/dev/null || true

mkdir -p out/bench
status=0
# measure SUITE PIECE REGEXP [RIVAL...]: a piece at a time, so that a run that
# is stopped loses little.
measure() {
	suite=$1 piece=$2 only=$3
	shift 3
	# With BENCH_ONLY, pieces none of whose rows match are none.
	if [ -n "${BENCH_ONLY:-}" ]; then
		only=$BENCH_ONLY piece=only
		case " $done_suites " in *" $suite "*) return ;; esac
		done_suites="$done_suites $suite"
	fi
	file=out/bench/$suite-$piece.json
	code=0
	for rival; do
		set -- "$@" --rival "$python benchmarks/rivals/serve.py $rival"
		shift
	done
	bin/lathe bench "$suite" --only "$only" "$@" --json > "$file.part" || code=$?
	case $code in
	0) mv "$file.part" "$file" ;;
	1) mv "$file.part" "$file"; status=1 ;;
	*) rm -f "$file.part"; [ -n "${BENCH_ONLY:-}" ] || exit $code ;;
	esac
}
done_suites=
measure laab tests '^(mm|cse|matchain|am|cm)_' torch jax
measure laab further '^(ipdps|lamp)_'
measure kernels f32 '^f32'
measure kernels f64 '^f64'
for threads in 1 "$(nproc)"; do
	for model in GAU FLASH ViT DataMUX 'MoE .* E8' 'MoE .* E64'; do
		measure models "$(echo "$model" | tr -dc A-Za-z0-9)-$threads" "^$model.* ${threads}T\$" torch jax onnx
	done
done
set --
for file in out/bench/*-*.json; do
	set -- "$@" --from "$file"
done
for file in out/bench/kernels-*.json; do
	if [ -e "$file" ]; then
		set -- "$@" --roofline benchmarks/roofline.svg
		break
	fi
done
bin/lathe bench "$@" --page benchmarks/RESULTS.md || status=1
exit $status
