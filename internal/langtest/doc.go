// Package langtest lists small programs, at least one for every operator and
// built-in function of the language, over element types, ranks, stretched,
// empty and single axes, negative axes and steps. Each comes with arguments
// and with what it should give, computed by plain loops that share nothing with
// the compiler. Only tests import it: those of the front end run the list
// through the evaluator, those of the whole through compiled code.
package langtest
