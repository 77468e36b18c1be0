package benchmarks

import (
	"context"
	"fmt"
	"strings"

	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// A native is the machine code of the benchmarks themselves, apart from what is
// measured: loops that show the machine's limits, and callers of C functions.
//
// A caller runs a C function n times on the same arguments, so that a call from
// Go, which would be charged to a rival only, is nothing beside the work.
type native struct {
	image  *jit.Image
	vector int // bytes of a vector register
}

// A signature is the parameters of a C function, a letter each: i for int, l
// for int64, f and d for float and double, p for a pointer.
type signature string

// The functions of the rivals, with their names in nativeText.
const (
	sgemmSig     signature = "iiiiiifpipifpi"
	dgemmSig     signature = "iiiiiidpipidpi"
	sgemvSig     signature = "iiiifpipifpi"
	strmmSig     signature = "iiiiiiifpipi"
	ssyrkSig     signature = "iiiiifpifpi"
	dnnlSgemmSig signature = "iilllfplplfpl"
)

func newNative(ctx context.Context, lib *libllvm.Library) (*native, error) {
	host := jit.Host(lib)
	n := &native{vector: max(16, host.VectorBytes())}
	object, err := jit.Compile(ctx, lib, host, []byte(nativeText(n.vector)), jit.Object)
	if err != nil {
		return nil, fmt.Errorf("the loops of the benchmarks: %w", err)
	}
	if n.image, err = jit.Load(object, jit.LibC); err != nil {
		return nil, fmt.Errorf("the loops of the benchmarks: %w", err)
	}
	return n, nil
}

func (n *native) close() error { return n.image.Close() }

func (n *native) symbol(name string) uintptr {
	at, ok := n.image.Symbol(name)
	if !ok {
		panic("the benchmarks have no native function " + name)
	}
	return at
}

// nativeText is the IR text of the native code.
func nativeText(vector int) string {
	var b strings.Builder
	for _, sig := range []signature{sgemmSig, dgemmSig, sgemvSig, strmmSig, ssyrkSig, dnnlSgemmSig} {
		b.WriteString(caller(sig))
	}
	b.WriteString(fmaLoop("f32", "float", vector/4))
	b.WriteString(fmaLoop("f64", "double", vector/8))
	b.WriteString(readLoop(vector / 4))
	return b.String()
}

// caller is the text of
//
//	void call_SIGNATURE(i8* fn, i64 n, i64* arguments)
//
// which calls fn n times. Each argument is a word.
func caller(sig signature) string {
	types := map[rune]string{'i': "i32", 'l': "i64", 'f': "float", 'd': "double", 'p': "i8*"}
	var load strings.Builder
	var params, args []string
	for i, c := range string(sig) {
		fmt.Fprintf(&load, "  %%p%d = getelementptr i64, i64* %%args, i64 %d\n  %%w%d = load i64, i64* %%p%d\n", i, i, i, i)
		switch c {
		case 'i':
			fmt.Fprintf(&load, "  %%a%d = trunc i64 %%w%d to i32\n", i, i)
		case 'l':
			fmt.Fprintf(&load, "  %%a%d = add i64 %%w%d, 0\n", i, i)
		case 'f':
			fmt.Fprintf(&load, "  %%b%d = trunc i64 %%w%d to i32\n  %%a%d = bitcast i32 %%b%d to float\n", i, i, i, i)
		case 'd':
			fmt.Fprintf(&load, "  %%a%d = bitcast i64 %%w%d to double\n", i, i)
		case 'p':
			fmt.Fprintf(&load, "  %%a%d = inttoptr i64 %%w%d to i8*\n", i, i)
		}
		params = append(params, types[c])
		args = append(args, fmt.Sprintf("%s %%a%d", types[c], i))
	}
	return fmt.Sprintf(`define void @call_%[1]s(i8* %%fn, i64 %%n, i64* %%args) {
entry:
%[2]s  %%f = bitcast i8* %%fn to void (%[3]s)*
  br label %%loop
loop:
  %%i = phi i64 [ 0, %%entry ], [ %%next, %%loop ]
  call void %%f(%[4]s)
  %%next = add i64 %%i, 1
  %%more = icmp ult i64 %%next, %%n
  br i1 %%more, label %%loop, label %%done
done:
  ret void
}
`, sig, load.String(), strings.Join(params, ", "), strings.Join(args, ", "))
}

// chains is how many multiply-adds are in flight: more than latency times pipes
// of any processor so far, and few enough for 16 registers.
const chains = 12

// fmaLoop is the text of
//
//	void fma_NAME(i64 n, i8* data)
//
// which does n times chains multiply-adds of vectors that do not wait for each
// other. data is two vectors, and gets the sum.
func fmaLoop(name, elem string, lanes int) string {
	vec := fmt.Sprintf("<%d x %s>", lanes, elem)
	fma := fmt.Sprintf("@llvm.fma.v%d%s", lanes, name)
	var phis, body, sum strings.Builder
	last := "%b0"
	for i := range chains {
		fmt.Fprintf(&phis, "  %%a%d = phi %s [ %%x, %%entry ], [ %%b%d, %%loop ]\n", i, vec, i)
		fmt.Fprintf(&body, "  %%b%d = call %s %s(%s %%a%d, %s %%x, %s %%y)\n", i, vec, fma, vec, i, vec, vec)
		if i > 0 {
			fmt.Fprintf(&sum, "  %%s%d = fadd %s %s, %%b%d\n", i, vec, last, i)
			last = fmt.Sprintf("%%s%d", i)
		}
	}
	return fmt.Sprintf(`declare %[2]s %[3]s(%[2]s, %[2]s, %[2]s)
define void @fma_%[1]s(i64 %%n, i8* %%data) "prefer-vector-width"="512" {
entry:
  %%px = bitcast i8* %%data to %[2]s*
  %%py = getelementptr %[2]s, %[2]s* %%px, i64 1
  %%x = load %[2]s, %[2]s* %%px, align 8
  %%y = load %[2]s, %[2]s* %%py, align 8
  br label %%loop
loop:
  %%i = phi i64 [ 0, %%entry ], [ %%next, %%loop ]
%[4]s%[5]s  %%next = add i64 %%i, 1
  %%more = icmp ult i64 %%next, %%n
  br i1 %%more, label %%loop, label %%done
done:
%[6]s  store %[2]s %[7]s, %[2]s* %%px, align 8
  ret void
}
`, name, vec, fma, phis.String(), body.String(), sum.String(), last)
}

// readLoop is the text of
//
//	void read_all(i8* p, i64 bytes, i8* sum)
//
// which reads bytes, a multiple of reads vectors.
func readLoop(lanes int) string {
	vec := fmt.Sprintf("<%d x i32>", lanes)
	var phis, body, sum strings.Builder
	last := "%b0"
	for i := range reads {
		fmt.Fprintf(&phis, "  %%a%d = phi %s [ zeroinitializer, %%entry ], [ %%b%d, %%loop ]\n", i, vec, i)
		fmt.Fprintf(&body, "  %%k%d = add i64 %%i, %d\n  %%q%d = getelementptr %s, %s* %%v, i64 %%k%d\n  %%l%d = load %s, %s* %%q%d, align 8\n  %%b%d = add %s %%a%d, %%l%d\n",
			i, i, i, vec, vec, i, i, vec, vec, i, i, vec, i, i)
		if i > 0 {
			fmt.Fprintf(&sum, "  %%s%d = add %s %s, %%b%d\n", i, vec, last, i)
			last = fmt.Sprintf("%%s%d", i)
		}
	}
	return fmt.Sprintf(`define void @read_all(i8* %%p, i64 %%bytes, i8* %%sum) "prefer-vector-width"="512" {
entry:
  %%v = bitcast i8* %%p to %[1]s*
  %%n = udiv i64 %%bytes, %[6]d
  br label %%loop
loop:
  %%i = phi i64 [ 0, %%entry ], [ %%next, %%loop ]
%[2]s%[3]s  %%next = add i64 %%i, %[7]d
  %%more = icmp ult i64 %%next, %%n
  br i1 %%more, label %%loop, label %%done
done:
%[4]s  %%to = bitcast i8* %%sum to %[1]s*
  store %[1]s %[5]s, %[1]s* %%to, align 8
  ret void
}
`, vec, phis.String(), body.String(), sum.String(), last, 4*lanes, reads)
}

// reads is how many vectors a turn of readLoop reads.
const reads = 8
