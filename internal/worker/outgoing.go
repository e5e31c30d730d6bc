package worker

import (
	"io"
	"sync"
)

// outgoing writes a child's replies. Whoever has one never waits for the parent; what
// has come together when the writer gets to run goes out at once, the events of a
// request in one frame.
type outgoing struct {
	w     io.Writer
	ready chan struct{} // holds a token when there is something to write

	mu     sync.Mutex
	queue  []reply
	closed bool
}

func newOutgoing(w io.Writer) *outgoing {
	o := &outgoing{w: w, ready: make(chan struct{}, 1)}
	go o.run()
	return o
}

// put queues a reply.
func (o *outgoing) put(r reply) {
	o.mu.Lock()
	if q := o.last(r.ID); q != nil {
		q.add(&r)
	} else {
		o.queue = append(o.queue, r)
	}
	o.mu.Unlock()
	o.wake()
}

// putEvent queues an event of a request.
func (o *outgoing) putEvent(id uint64, ev event) {
	o.mu.Lock()
	q := o.last(id)
	if q == nil {
		o.queue = append(o.queue, reply{ID: id})
		q = &o.queue[len(o.queue)-1]
	}
	q.Events = append(q.Events, ev)
	o.mu.Unlock()
	o.wake()
}

// last is what is queued for a request.
func (o *outgoing) last(id uint64) *reply {
	for i := range o.queue {
		if o.queue[i].ID == id && id != 0 {
			return &o.queue[i]
		}
	}
	return nil
}

func (o *outgoing) wake() {
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

func (o *outgoing) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.wake()
}

// run writes until the end. That the parent is gone is the reader's business.
func (o *outgoing) run() {
	var buf []byte
	for range o.ready {
		o.mu.Lock()
		queue, closed := o.queue, o.closed
		o.queue = nil
		o.mu.Unlock()
		buf = buf[:0]
		for i := range queue {
			buf = appendReply(buf, &queue[i])
		}
		if _, err := o.w.Write(buf); err != nil || closed {
			return
		}
		if cap(buf) > 1<<20 {
			buf = nil
		}
	}
}

// appendReply appends the frame of r; of one that cannot be sent, an error.
func appendReply(buf []byte, r *reply) []byte {
	framed, err := appendFrame(buf, r)
	if err != nil {
		// A fault is short, and always can be.
		framed, _ = appendFrame(buf, &reply{ID: r.ID, Done: true, Fault: newFault(err)})
	}
	return framed
}
