package kube

import "syscall"

// endsWithParent makes the kernel end a program when this process is killed. The
// group of its own keeps an interrupt at the terminal for this process, which
// then ends its programs in order.
func endsWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
