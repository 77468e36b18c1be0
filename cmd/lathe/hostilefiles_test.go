package main

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// takesX is a program for arrays, takesW one for weights.
const (
	takesX = "fn f(x: f32[n, 3]) -> f32[n, 3] { x }\n"
	takesW = "model M(n) {\n    weight w: f32[n, 3]\n    fn forward() -> f32[n, 3] { w }\n}\n"
)

func npyText(header string, data int) string {
	return "\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), byte(len(header) >> 8)}) + header + strings.Repeat("\x00", data)
}

func npyArray(descr, shape string, data int) string {
	return npyText(fmt.Sprintf("{'descr': %s, 'fortran_order': False, 'shape': %s, }\n", descr, shape), data)
}

// hostileNpy are arrays that are none, or not those that are asked for.
func hostileNpy() []hostile {
	good := npyArray("'<f4'", "(2, 3)", 24)
	var out []hostile
	for _, c := range []struct{ name, file string }{
		{"empty", ""},
		{"half the magic", good[:4]},
		{"half the header", good[:20]},
		{"cut", good[:len(good)-1]},
		{"longer", good + "\x00"},
		{"two arrays", good + good},
		{"a text", "1 2 3\n"},
		{"version 9", "\x93NUMPY\x09\x00" + good[8:]},
		{"header of 4 GB", "\x93NUMPY\x02\x00\xff\xff\xff\xff{}"},
		{"objects", npyArray("'|O'", "(2, 3)", 48)},
		{"complex", npyArray("'<c8'", "(2, 3)", 48)},
		{"strings", npyArray("'<U5'", "(2, 3)", 120)},
		{"records", npyArray("[('a', '<f4')]", "(2, 3)", 24)},
		{"code in the header", npyText("{'descr': __import__('os').system('id'), 'fortran_order': False, 'shape': (2, 3)}", 24)},
		{"deep header", npyText(strings.Repeat("(", 60000), 0)},
		{"negative dimension", npyArray("'<f4'", "(-2, 3)", 24)},
		{"dimension beyond i64", npyArray("'<f4'", "(99999999999999999999, 3)", 24)},
		{"product overflows", npyArray("'<f4'", "(4294967296, 4294967296)", 24)},
		{"product overflows to 24 bytes", npyArray("'<f4'", "(9223372036854775810, 3)", 24)},
		{"1 TB in 100 bytes", npyArray("'<f4'", "(91625968981, 3)", 24)},
		{"rank 17", npyArray("'<f4'", "("+strings.Repeat("1, ", 17)+")", 4)},
		{"key twice", npyText("{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", 24)},
		{"unknown key", npyText("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}", 24)},
		{"escape sequence", npyArray("'<f4\x1b[31m'", "(2, 3)", 24)},
		{"wrong shape", npyArray("'<f4'", "(2, 4)", 32)},
		{"wrong rank", npyArray("'<f4'", "(3,)", 12)},
		{"integers for floats", npyArray("'<i8'", "(2, 3)", 48)},
	} {
		out = append(out, hostile{"npy " + c.name, map[string]string{"f.lathe": takesX, "x.npy": c.file}, []string{"run", "f.lathe", "--in", "x=x.npy", "--out", "y.npy", "--naive"}})
	}
	return out
}

// zipText puts an archive of one stored entry together, which says that it has
// other sizes than it has, and another checksum.
func zipText(name, data string, size uint32) string {
	local := binary.LittleEndian.AppendUint32([]byte("PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 0)
	local = binary.LittleEndian.AppendUint32(local, size)
	local = binary.LittleEndian.AppendUint32(local, size)
	local = binary.LittleEndian.AppendUint16(local, uint16(len(name)))
	local = append(append(append(local, 0, 0), name...), data...)
	dir := binary.LittleEndian.AppendUint32([]byte("PK\x01\x02\x14\x00\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 0)
	dir = binary.LittleEndian.AppendUint32(dir, size)
	dir = binary.LittleEndian.AppendUint32(dir, size)
	dir = binary.LittleEndian.AppendUint16(dir, uint16(len(name)))
	dir = append(append(dir, make([]byte, 16)...), name...)
	end := binary.LittleEndian.AppendUint32([]byte("PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00"), uint32(len(dir)))
	end = binary.LittleEndian.AppendUint32(end, uint32(len(local)))
	return string(local) + string(dir) + string(append(end, 0, 0))
}

// hostileNpz are archives of arrays that are none.
func hostileNpz() []hostile {
	good := npyArray("'<f4'", "(2, 3)", 24)
	var out []hostile
	for _, c := range []struct{ name, file string }{
		{"empty", ""},
		{"a text", "not an archive\n"},
		{"an array", good},
		{"only an end", "PK\x05\x06" + strings.Repeat("\x00", 18)},
		{"cut", zipText("x.npy", good, uint32(len(good)))[:60]},
		{"wrong checksum", zipText("x.npy", good, uint32(len(good)))},
		{"longer than it is", zipText("x.npy", good, 1<<30)},
		{"shorter than it is", zipText("x.npy", good, 4)},
		{"4 GB", zipText("x.npy", good, 1<<32-1)},
		{"a path upwards", zipText("../../x.npy", good, uint32(len(good)))},
		{"an absolute path", zipText("/etc/x.npy", good, uint32(len(good)))},
		{"a name that is not UTF-8", zipText("\xff.npy", good, uint32(len(good)))},
		{"no name", zipText("", good, uint32(len(good)))},
		{"another file", zipText("x.txt", good, uint32(len(good)))},
		{"a folder", zipText("x/", "", 0)},
		{"directory elsewhere", "PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00\xff\xff\xff\x7f\xff\xff\xff\x7f\x00\x00"},
		{"65,535 entries in 22 bytes", "PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff\x2e\x00\x00\x00\x00\x00\x00\x00\x00\x00"},
	} {
		out = append(out, hostile{"npz " + c.name, map[string]string{"f.lathe": takesX, "x.npz": c.file}, []string{"run", "f.lathe", "--in", "x.npz", "--out", "y.npy", "--naive"}})
	}
	return out
}

func safetensorsText(header string, data int) string {
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + strings.Repeat("\x00", data)
}

// hostileSafetensors are files of weights that are none, or not those that are
// asked for.
func hostileSafetensors() []hostile {
	one := func(fields string, data int) string { return safetensorsText(`{"w":{`+fields+`}}`, data) }
	const right = `"dtype":"F32","shape":[2,3],"data_offsets":[0,24]`
	good := one(right, 24)
	var out []hostile
	for _, c := range []struct{ name, file string }{
		{"empty", ""},
		{"7 bytes", good[:7]},
		{"no header", "\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"header of 2^63", "\xff\xff\xff\xff\xff\xff\xff\x7f{}"},
		{"header of 2^64", "\xff\xff\xff\xff\xff\xff\xff\xff{}"},
		{"header beyond the file", "\xff\x00\x00\x00\x00\x00\x00\x00{}"},
		{"cut", good[:len(good)-1]},
		{"longer", good + "\x00"},
		{"a pickle", "\x80\x02}q\x00."},
		{"an array", safetensorsText("[]", 0)},
		{"null", safetensorsText("null", 0)},
		{"not UTF-8", safetensorsText("{\"w\xff\":{"+right+"}}", 24)},
		{"deep", safetensorsText(strings.Repeat(`{"a":`, 100000), 0)},
		{"deep lists", safetensorsText(`{"w":{"shape":`+strings.Repeat("[", 100000), 0)},
		{"tensor twice", safetensorsText(`{"w":{`+right+`},"w":{`+right+`}}`, 24)},
		{"tensor twice, escaped", safetensorsText(`{"w":{`+right+`},"\u0077":{`+right+`}}`, 24)},
		{"upper case", one(`"DTYPE":"F32","shape":[2,3],"data_offsets":[0,24]`, 24)},
		{"unknown field", one(right+`,"x":1`, 24)},
		{"no dtype", one(`"shape":[2,3],"data_offsets":[0,24]`, 24)},
		{"no shape", one(`"dtype":"F32","data_offsets":[0,24]`, 24)},
		{"no offsets", one(`"dtype":"F32","shape":[2,3]`, 24)},
		{"unknown dtype", one(`"dtype":"F31","shape":[2,3],"data_offsets":[0,24]`, 24)},
		{"negative dimension", one(`"dtype":"F32","shape":[-2,3],"data_offsets":[0,24]`, 24)},
		{"negative offset", one(`"dtype":"F32","shape":[2,3],"data_offsets":[-1,23]`, 24)},
		{"offsets turned", one(`"dtype":"F32","shape":[2,3],"data_offsets":[24,0]`, 24)},
		{"offsets beyond the file", one(`"dtype":"F32","shape":[2,3],"data_offsets":[8,32]`, 24)},
		{"offsets beyond 2^63", one(`"dtype":"F32","shape":[2,3],"data_offsets":[18446744073709551608,16]`, 24)},
		{"dimension beyond u64", one(`"dtype":"F32","shape":[99999999999999999999,3],"data_offsets":[0,24]`, 24)},
		{"product overflows", one(`"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,24]`, 24)},
		{"overlap", safetensorsText(`{"w":{`+right+`},"v":{`+right+`}}`, 24)},
		{"hole", one(`"dtype":"F32","shape":[2,3],"data_offsets":[8,32]`, 32)},
		{"rank 17", one(`"dtype":"U8","shape":[`+strings.Repeat("1,", 16)+`1],"data_offsets":[0,1]`, 1)},
		{"metadata of numbers", safetensorsText(`{"__metadata__":{"a":1},"w":{`+right+`}}`, 24)},
		{"wrong shape", one(`"dtype":"F32","shape":[2,4],"data_offsets":[0,32]`, 32)},
		{"integers for floats", one(`"dtype":"I32","shape":[2,3],"data_offsets":[0,24]`, 24)},
		{"another name", safetensorsText(`{"v":{`+right+`}}`, 24)},
	} {
		out = append(out, hostile{"safetensors " + c.name, map[string]string{"m.lathe": takesW, "w.safetensors": c.file}, []string{"run", "m.lathe", "--weights", "w.safetensors", "--set", "n=2", "--out", "y.npy", "--naive"}})
	}
	return out
}
