package runtime

import (
	"context"
	goruntime "runtime"
	"unsafe"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// Snapshot runs the program once, as Run does, and copies what its temporary
// buffers hold at the end, packed operands apart. In a program of codegen.Kept
// that is what each kernel stored, in a loop in the last turn.
func (x *Executable) Snapshot(ctx context.Context, inputs ...*tensor.Tensor) ([]*tensor.Tensor, map[*kernel.Buffer]*tensor.Tensor, error) {
	outputs := make([]*tensor.Tensor, len(x.prog.Results))
	for i, b := range x.prog.Results {
		outputs[i] = tensor.New(b.Type.DType, b.Type.Dims()...)
	}
	if err := x.check(outputs, inputs); err != nil {
		return nil, nil, err
	}
	f, err := x.acquire()
	if err != nil {
		return nil, nil, err
	}
	defer x.release(f)
	f.reset()
	x.bind(f, outputs, inputs)
	stopped := watch(ctx, f)
	_, err = x.pool.Run(x.fn, f.ctx, x.threads, x.mode)
	ended := stopped != nil && !stopped()
	goruntime.KeepAlive(inputs)
	goruntime.KeepAlive(outputs)
	if err == nil {
		err = f.failure(x.prog.Sites)
	}
	if err == nil && ended {
		err = ctx.Err()
	}
	if err != nil {
		return nil, nil, err
	}
	stored := map[*kernel.Buffer]*tensor.Tensor{}
	for _, b := range x.prog.Buffers {
		if b.Kind != kernel.Temp || b.Bytes != b.Type.Bytes() {
			continue
		}
		t := tensor.New(b.Type.DType, b.Type.Dims()...)
		address := *(*unsafe.Pointer)(unsafe.Add(f.ctx, kernel.CtxBuffers+8*b.ID))
		copy(t.Bytes(), unsafe.Slice((*byte)(address), b.Bytes))
		stored[b] = t
	}
	return outputs, stored, nil
}
