// Package cache keeps byte strings in a folder, by the hash of what they were
// made from. It is the disk cache of compiled code.
//
// The cache is best effort: what is damaged, missing, or written by others is a
// miss, and what cannot be written is not kept. The folder and its files belong
// to the user of the process, and nobody else may write there: whoever can write
// an entry decides which code runs, and a checksum is no defence against that.
//
// An entry is written under another name, flushed, and renamed, so that a crash
// at any time leaves the entry as it was, as it should be, or not there. Any
// number of processes may use a folder at the same time. Beyond a limit of bytes
// the entries go that were not used for the longest time.
package cache
