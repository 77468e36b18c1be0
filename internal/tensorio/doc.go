// Package tensorio reads and writes tensors: NumPy's .npy and .npz, and
// .safetensors. Files are not trusted. Every length, shape and offset is
// checked against the size of the file and a budget before memory is asked
// for; a malformed file gives a *FormatError that names the file, the array,
// what was expected and what was found, and nothing is returned beside it.
//
// The readers are written here because the libraries at hand read too
// leniently: npyio takes missing data for zeros, and encoding/json lets
// duplicate keys, other spellings of keys and bytes that are no UTF-8 pass.
// Both libraries check this package in its tests, and safetensors files are
// written by github.com/nlpodyssey/safetensors.
//
// All files are little-endian here; big-endian .npy files are turned.
package tensorio
