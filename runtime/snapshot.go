package runtime

import (
	"context"
	goruntime "runtime"
	"unsafe"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// Snapshot runs the program once, as Run does, and copies what its temporary
// buffers hold at the end, and those that were filled when weights were loaded,
// packed operands apart. In a program of codegen.Kept that is what each kernel
// stored, in a loop in the last turn.
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
	packed := map[*kernel.Buffer]bool{}
	for _, k := range append(kernel.Kernels(x.prog.Load), x.prog.Kernels()...) {
		if k.Pack != nil {
			packed[k.Pack.Packed] = true
		}
	}
	for _, b := range x.prog.Buffers {
		if b.Kind != kernel.Temp && b.Kind != kernel.Loaded || packed[b] {
			continue
		}
		t := tensor.New(b.Type.DType, b.Type.Dims()...)
		address := *(*unsafe.Pointer)(unsafe.Add(f.ctx, kernel.CtxBuffers+8*b.ID))
		copy(t.Bytes(), unsafe.Slice((*byte)(address), len(t.Bytes())))
		stored[b] = t
	}
	return outputs, stored, nil
}
