package llvm

import (
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"
)

// share returns the part of total, [lo, hi), that this worker does.
func (s *scope) share(total int) (lo, hi value.Value) {
	cut := func(w value.Value) value.Value {
		return s.cur.NewUDiv(s.mul(w, i64(total)), s.workers)
	}
	return cut(s.worker), cut(s.add(s.worker, i64(1)))
}

// points runs body for each of this worker's share of total points, until
// somebody asks to stop.
func (s *scope) points(total int, body func(p value.Value)) {
	lo, hi := s.share(total)
	s.when(s.icmp(enum.IPredSLT, lo, hi), func() {
		s.nested(func() {
			s.polled = true
			s.turns(lo, hi, 1, nil, func(p value.Value, _ []value.Value) []value.Value {
				body(p)
				return nil
			})
		})
	})
}

// nested runs body as the body of inner with the vectors of now.
func (s *scope) nested(body func()) { s.inner(s.lanes, body) }

// poll returns whether nobody asked to stop.
func (s *scope) poll() value.Value {
	return s.icmp(enum.IPredEQ, s.stopWord(s.ctx), constant.NewInt(types.I32, 0))
}
