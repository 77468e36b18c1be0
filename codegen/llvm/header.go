package llvm

import (
	llir "github.com/llir/llvm/ir"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

func (m *module) library(p *kernel.Program, name string, program *llir.Func) { panic("library") }
