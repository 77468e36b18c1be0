package jit

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/internal/libllvm"
)

// Three modules that use each other: functions in both directions, a variable,
// a function of the C library, and local symbols of the same name.
var parts = [][]byte{
	[]byte(`
@count = external global i64
@own = internal global i64 100
declare hidden i64 @twice(i64)
define i64 @start(i64 %n) {
  %old = load i64, i64* @count
  %new = add i64 %old, 1
  store i64 %new, i64* @count
  %mine = load i64, i64* @own
  %t = call i64 @twice(i64 %n)
  %sum = add i64 %t, %mine
  ret i64 %sum
}
define hidden i64 @three(i64 %n) {
  %x = mul i64 %n, 3
  ret i64 %x
}`),
	[]byte(`
@count = global i64 7
@own = internal global i64 20
declare hidden i64 @three(i64)
declare void @llvm.memset.p0i8.i64(i8*, i8, i64, i1)
define hidden i64 @twice(i64 %n) {
  %buffer = alloca [4096 x i8]
  %p = getelementptr [4096 x i8], [4096 x i8]* %buffer, i64 0, i64 0
  call void @llvm.memset.p0i8.i64(i8* %p, i8 0, i64 %n, i1 false)
  %zero8 = load volatile i8, i8* %p
  %zero = zext i8 %zero8 to i64
  %own = load i64, i64* @own
  %three = call i64 @three(i64 %n)
  %x = add i64 %three, %own
  %y = add i64 %x, %zero
  ret i64 %y
}`),
	[]byte(`
@count = external global i64
define i64 @counted() {
  %x = load i64, i64* @count
  ret i64 %x
}`),
}

func TestLoadAll(t *testing.T) {
	each(t, func(lib *libllvm.Library, name string) {
		objects, err := CompileAll(context.Background(), lib, Host(lib), parts, Object)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range parts {
			if alone := mustCompile(t, lib, string(part)); !bytes.Equal(alone, objects[i]) {
				t.Errorf("%s: part %d differs from what it is when compiled alone", name, i)
			}
		}
		img, err := LoadAll(objects, LibC)
		if err != nil {
			t.Fatal(err)
		}
		defer img.Close()
		if got := Call(mustSymbol(t, img, "start"), 5); got != 5*3+20+100 {
			t.Errorf("%s: got %d, want %d", name, got, 5*3+20+100)
		}
		if got := Call(mustSymbol(t, img, "counted")); got != 8 {
			t.Errorf("%s: the variable is %d, want 8", name, got)
		}
		if _, err := LoadAll(objects[:1], LibC); err == nil || !strings.Contains(err.Error(), `which nothing provides`) {
			t.Errorf("%s: without the other parts: got error %v", name, err)
		}
		if _, err := LoadAll([][]byte{objects[0], objects[1], objects[0]}, LibC); err == nil || !strings.Contains(err.Error(), "two of them define") {
			t.Errorf("%s: with a part twice: got error %v", name, err)
		}
	})
}

func TestCompileAllError(t *testing.T) {
	each(t, func(lib *libllvm.Library, name string) {
		bad := [][]byte{parts[0], []byte("define void @f() { first"), parts[1], []byte("define void @f() { second")}
		for range 5 { // whichever is compiled first
			_, err := CompileAll(context.Background(), lib, Host(lib), bad, Object)
			if err == nil || !strings.Contains(err.Error(), "first") {
				t.Errorf("%s: got error %v, want that of the first bad module", name, err)
			}
		}
	})
}
