package main

// x @ w is [1 2 3; 3 4 5].
func Example() {
	main()
	// Output: [2 3] [1 4 9 9 16 25]
}
