package pool

import (
	"fmt"
	"strings"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// A slot is the memory that native code shares about one worker. Words that
// different threads wait on or write have cache lines of their own. Offsets in
// bytes:
const (
	slotJob          = 0   // i32, counts jobs: the worker waits for it to change
	slotSleepers     = 64  // i32, 1 while the worker sleeps on it
	slotFn           = 128 // i64, the job: function, context, ...
	slotCtx          = 136
	slotID           = 144
	slotN            = 152
	slotControl      = 160 // i32, value of the control register MXCSR
	slotTeam         = 168 // i64, address of the slot of the team's worker 1
	slotQuit         = 176 // i64, 1 ends the worker
	slotPatience     = 184 // 2 x i32, see wait
	slotJoin         = 192 // of worker 1: i32, workers that are not done
	slotJoinSleepers = 256 // i32
	slotJoinPatience = 264
	slotMembers      = 512 // of worker 1: i64 each, the slots of workers 1, 2, ...
	slotSize         = slotMembers + 8*kernel.CtxMaxWorkers
)

// The words of a barrier, in a program's context.
const (
	syncArrived    = 0
	syncGeneration = 64
	syncSleepers   = 128
	syncVerdict    = 192
	syncPatience   = 512 // 2 x i32 each worker; rarely written
)

// Two ways to wait. A long spin is right while the others run, and a waste of
// the processor when they cannot. A worker whose long spins failed twice in a
// row goes to sleep early for the next shortWaits times. Measured for two
// workers on two processors and on one: fixed, halving and yielding spins each
// do badly in one of them.
const (
	longSpin   = 4000 // pauses, some 50 us
	shortSpin  = 32
	shortWaits = 64
)

// Source is the IR text of the native part of a pool. Compile it for the host
// and give the object file to New; it is the same in every process, and may
// come from a cache. It is for x86-64 Linux: see jit.Supported.
func Source() []byte {
	var pairs []string
	for name, value := range map[string]int{
		"$slotSleepers": slotSleepers, "$slotFn": slotFn, "$slotCtx": slotCtx, "$slotID": slotID, "$slotN": slotN,
		"$slotControl": slotControl, "$slotTeam": slotTeam, "$slotQuit": slotQuit, "$slotPatience": slotPatience, "$slotJob": slotJob,
		"$slotJoinSleepers": slotJoinSleepers, "$slotJoinPatience": slotJoinPatience, "$slotJoin.": slotJoin, "$slotMembers": slotMembers,
		"$syncArrived": syncArrived, "$syncGeneration": syncGeneration, "$syncSleepers": syncSleepers, "$syncVerdict": syncVerdict,
		"$syncPatience": syncPatience, "$cancel": kernel.CtxCancel, "$longSpin": longSpin, "$shortSpin": shortSpin, "$shortWaits": shortWaits,
	} {
		pairs = append(pairs, name, fmt.Sprint(value)) // no name starts another: order is free
	}
	return []byte(strings.NewReplacer(pairs...).Replace(source))
}

const source = `
declare void @llvm.x86.sse.stmxcsr(i8*)
declare void @llvm.x86.sse.ldmxcsr(i8*)

define internal i8* @at(i8* %p, i64 %offset) alwaysinline nounwind {
  %q = getelementptr i8, i8* %p, i64 %offset
  ret i8* %q
}

define internal i32* @word(i8* %p, i64 %offset) alwaysinline nounwind {
  %q = getelementptr i8, i8* %p, i64 %offset
  %w = bitcast i8* %q to i32*
  ret i32* %w
}

define internal i64* @long(i8* %p, i64 %offset) alwaysinline nounwind {
  %q = getelementptr i8, i8* %p, i64 %offset
  %w = bitcast i8* %q to i64*
  ret i64* %w
}

; The system call futex(word, op, value, 0, 0, 0), private to the process.
define internal i64 @futex(i32* %word, i64 %op, i64 %value) alwaysinline nounwind {
  %w = ptrtoint i32* %word to i64
  %r = call i64 asm sideeffect "syscall", "={rax},{rax},{rdi},{rsi},{rdx},{r10},{r8},{r9},~{rcx},~{r11},~{memory},~{dirflag},~{fpsr},~{flags}"(i64 202, i64 %w, i64 %op, i64 %value, i64 0, i64 0, i64 0)
  ret i64 %r
}

define internal void @wake(i32* %word) noinline nounwind {
  %r = call i64 @futex(i32* %word, i64 129, i64 2147483647)
  ret void
}

; Waits until word is not old. A waker changes word, then reads sleepers; a
; sleeper adds itself, then reads word again: one of them sees the other.
; patience[0] is how many of the next waits are short, patience[1] how many long
; spins failed in a row.
define internal void @wait(i32* %word, i32* %sleepers, i32 %old, i32* %patience) noinline nounwind {
entry:
  %failsp = getelementptr i32, i32* %patience, i64 1
  %shorts = load i32, i32* %patience, align 4
  %isLong = icmp eq i32 %shorts, 0
  %limit = select i1 %isLong, i32 $longSpin, i32 $shortSpin
  br label %spin
spin:
  %k = phi i32 [ 0, %entry ], [ %k1, %pause ]
  %now = load atomic i32, i32* %word acquire, align 4
  %changed = icmp ne i32 %now, %old
  br i1 %changed, label %hit, label %count
count:
  %k1 = add i32 %k, 1
  %more = icmp ult i32 %k1, %limit
  br i1 %more, label %pause, label %miss
pause:
  call void asm sideeffect "pause", "~{memory}"()
  br label %spin
hit:
  %fails0 = load i32, i32* %failsp, align 4
  %failed = icmp ne i32 %fails0, 0
  %clear = and i1 %isLong, %failed
  br i1 %clear, label %forgive, label %done
forgive:
  store i32 0, i32* %failsp, align 4
  br label %done
done:
  ret void
miss:
  br i1 %isLong, label %missLong, label %missShort
missLong:
  %fails = load i32, i32* %failsp, align 4
  %fails1 = add i32 %fails, 1
  %often = icmp uge i32 %fails1, 2
  %shorts1 = select i1 %often, i32 $shortWaits, i32 0
  %fails2 = select i1 %often, i32 1, i32 %fails1
  store i32 %shorts1, i32* %patience, align 4
  store i32 %fails2, i32* %failsp, align 4
  br label %sleep
missShort:
  %shorts2 = sub i32 %shorts, 1
  store i32 %shorts2, i32* %patience, align 4
  br label %sleep
sleep:
  %s0 = atomicrmw add i32* %sleepers, i32 1 seq_cst
  br label %check
check:
  %now2 = load atomic i32, i32* %word seq_cst, align 4
  %changed2 = icmp ne i32 %now2, %old
  br i1 %changed2, label %awake, label %block
block:
  %old64 = zext i32 %old to i64
  %r = call i64 @futex(i32* %word, i64 128, i64 %old64)
  br label %check
awake:
  %s1 = atomicrmw sub i32* %sleepers, i32 1 seq_cst
  ret void
}

; Counts word up and wakes who sleeps on it.
define internal void @publish(i32* %word, i32* %sleepers) alwaysinline nounwind {
  %old = atomicrmw add i32* %word, i32 1 seq_cst
  %s = load atomic i32, i32* %sleepers seq_cst, align 4
  %none = icmp eq i32 %s, 0
  br i1 %none, label %done, label %some
some:
  call void @wake(i32* %word)
  br label %done
done:
  ret void
}

define i32 @lathe_barrier(i8* %ctx, i32 %worker, i32 %nworkers) nounwind {
  %cancel = call i32* @word(i8* %ctx, i64 $cancel)
  %alone = icmp eq i32 %nworkers, 1
  br i1 %alone, label %single, label %team
single:
  %c1 = load atomic i32, i32* %cancel monotonic, align 4
  ret i32 %c1
team:
  %arrived = call i32* @word(i8* %ctx, i64 $syncArrived)
  %generation = call i32* @word(i8* %ctx, i64 $syncGeneration)
  %sleepers = call i32* @word(i8* %ctx, i64 $syncSleepers)
  %verdict = call i32* @word(i8* %ctx, i64 $syncVerdict)
  %g = load atomic i32, i32* %generation acquire, align 4
  %before = atomicrmw add i32* %arrived, i32 1 acq_rel
  %count = add i32 %before, 1
  %isLast = icmp eq i32 %count, %nworkers
  br i1 %isLast, label %last, label %waits
last:
  store atomic i32 0, i32* %arrived monotonic, align 4
  %c = load atomic i32, i32* %cancel monotonic, align 4
  store i32 %c, i32* %verdict, align 4
  call void @publish(i32* %generation, i32* %sleepers)
  ret i32 %c
waits:
  %w64 = zext i32 %worker to i64
  %w8 = shl i64 %w64, 3
  %po = add i64 %w8, $syncPatience
  %patience = call i32* @word(i8* %ctx, i64 %po)
  call void @wait(i32* %generation, i32* %sleepers, i32 %g, i32* %patience)
  %v = load i32, i32* %verdict, align 4
  ret i32 %v
}

; Calls a program with the control register of the floating point unit set, and
; puts the caller's value back: Go code must not see ours.
define internal void @enter(i64 %fn, i8* %ctx, i64 %worker, i64 %nworkers, i32 %control) noinline nounwind {
  %saved = alloca i32, align 4
  %ours = alloca i32, align 4
  %saved8 = bitcast i32* %saved to i8*
  %ours8 = bitcast i32* %ours to i8*
  call void @llvm.x86.sse.stmxcsr(i8* %saved8)
  store i32 %control, i32* %ours, align 4
  call void @llvm.x86.sse.ldmxcsr(i8* %ours8)
  %f = inttoptr i64 %fn to void (i8*, i64, i64)*
  call void %f(i8* %ctx, i64 %worker, i64 %nworkers)
  call void @llvm.x86.sse.ldmxcsr(i8* %saved8)
  ret void
}

; A run's worker 0: gives the job to the team's other workers, takes part, and
; waits until all are done. team is the slot of worker 1, or 0.
define void @lathe_lead(i64 %fn, i8* %ctx, i64 %nworkers, i64 %control64, i8* %team) nounwind {
entry:
  %control = trunc i64 %control64 to i32
  %alone = icmp ult i64 %nworkers, 2
  br i1 %alone, label %single, label %post
single:
  call void @enter(i64 %fn, i8* %ctx, i64 0, i64 1, i32 %control)
  ret void
post:
  %join = call i32* @word(i8* %team, i64 $slotJoin.)
  %joinSleepers = call i32* @word(i8* %team, i64 $slotJoinSleepers)
  %joinPatience = call i32* @word(i8* %team, i64 $slotJoinPatience)
  %n32 = trunc i64 %nworkers to i32
  %others = sub i32 %n32, 1
  store atomic i32 %others, i32* %join seq_cst, align 4
  %ctx64 = ptrtoint i8* %ctx to i64
  %team64 = ptrtoint i8* %team to i64
  br label %next
next:
  %id = phi i64 [ 1, %post ], [ %id1, %next ]
  %i = sub i64 %id, 1
  %i8 = shl i64 %i, 3
  %mo = add i64 %i8, $slotMembers
  %member = call i64* @long(i8* %team, i64 %mo)
  %slot64 = load i64, i64* %member, align 8
  %slot = inttoptr i64 %slot64 to i8*
  %sfn = call i64* @long(i8* %slot, i64 $slotFn)
  store i64 %fn, i64* %sfn, align 8
  %sctx = call i64* @long(i8* %slot, i64 $slotCtx)
  store i64 %ctx64, i64* %sctx, align 8
  %sid = call i64* @long(i8* %slot, i64 $slotID)
  store i64 %id, i64* %sid, align 8
  %sn = call i64* @long(i8* %slot, i64 $slotN)
  store i64 %nworkers, i64* %sn, align 8
  %sc = call i32* @word(i8* %slot, i64 $slotControl)
  store i32 %control, i32* %sc, align 4
  %st = call i64* @long(i8* %slot, i64 $slotTeam)
  store i64 %team64, i64* %st, align 8
  %job = call i32* @word(i8* %slot, i64 $slotJob)
  %sleepers = call i32* @word(i8* %slot, i64 $slotSleepers)
  call void @publish(i32* %job, i32* %sleepers)
  %id1 = add i64 %id, 1
  %more = icmp ult i64 %id1, %nworkers
  br i1 %more, label %next, label %run
run:
  call void @enter(i64 %fn, i8* %ctx, i64 0, i64 %nworkers, i32 %control)
  br label %check
check:
  %left = load atomic i32, i32* %join acquire, align 4
  %zero = icmp eq i32 %left, 0
  br i1 %zero, label %done, label %waits
waits:
  call void @wait(i32* %join, i32* %joinSleepers, i32 %left, i32* %joinPatience)
  br label %check
done:
  ret void
}

; A resident worker: returns when it is told to quit. After the count of join
; has gone down, the run may be over and its context gone: what is read then is
; the pool's, and the worst that can come of it is a needless wake.
define void @lathe_worker(i8* %slot) nounwind {
entry:
  %job = call i32* @word(i8* %slot, i64 $slotJob)
  %sleepers = call i32* @word(i8* %slot, i64 $slotSleepers)
  %patience = call i32* @word(i8* %slot, i64 $slotPatience)
  br label %next
next:
  %g = phi i32 [ 0, %entry ], [ %g1, %quiet ], [ %g1, %rouse ]
  call void @wait(i32* %job, i32* %sleepers, i32 %g, i32* %patience)
  %g1 = add i32 %g, 1
  %qp = call i64* @long(i8* %slot, i64 $slotQuit)
  %q = load i64, i64* %qp, align 8
  %quit = icmp ne i64 %q, 0
  br i1 %quit, label %end, label %run
run:
  %sfn = call i64* @long(i8* %slot, i64 $slotFn)
  %fn = load i64, i64* %sfn, align 8
  %sctx = call i64* @long(i8* %slot, i64 $slotCtx)
  %ctx64 = load i64, i64* %sctx, align 8
  %ctx = inttoptr i64 %ctx64 to i8*
  %sid = call i64* @long(i8* %slot, i64 $slotID)
  %id = load i64, i64* %sid, align 8
  %sn = call i64* @long(i8* %slot, i64 $slotN)
  %n = load i64, i64* %sn, align 8
  %sc = call i32* @word(i8* %slot, i64 $slotControl)
  %control = load i32, i32* %sc, align 4
  %st = call i64* @long(i8* %slot, i64 $slotTeam)
  %team64 = load i64, i64* %st, align 8
  %team = inttoptr i64 %team64 to i8*
  call void @enter(i64 %fn, i8* %ctx, i64 %id, i64 %n, i32 %control)
  %join = call i32* @word(i8* %team, i64 $slotJoin.)
  %joinSleepers = call i32* @word(i8* %team, i64 $slotJoinSleepers)
  %left = atomicrmw sub i32* %join, i32 1 seq_cst
  %s = load atomic i32, i32* %joinSleepers seq_cst, align 4
  %none = icmp eq i32 %s, 0
  br i1 %none, label %quiet, label %rouse
quiet:
  br label %next
rouse:
  call void @wake(i32* %join)
  br label %next
end:
  ret void
}

; Ends the worker of a slot.
define void @lathe_quit(i8* %slot) nounwind {
  %q = call i64* @long(i8* %slot, i64 $slotQuit)
  store i64 1, i64* %q, align 8
  %job = call i32* @word(i8* %slot, i64 $slotJob)
  %sleepers = call i32* @word(i8* %slot, i64 $slotSleepers)
  call void @publish(i32* %job, i32* %sleepers)
  ret void
}
`
