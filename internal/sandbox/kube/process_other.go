//go:build !linux

package kube

import "syscall"

// endsWithParent cannot be had here: a killed sandbox leaves its programs behind.
func endsWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
