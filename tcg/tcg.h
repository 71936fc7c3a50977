/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accelerator "tcg": a software x86-64 processor, for hosts without KVM and for tests. See
 * docs/software-cpu.md.
 */
#pragma once

#include "core/accel.h"

typedef struct TcgCpu TcgCpu;

extern const AccelOps tcg_accel_ops;

/* The software processor of a vCPU, after vcpu_open. */
TcgCpu *tcg_cpu_of(Vcpu *vcpu);

/* For tests: executes exactly one instruction at rip on the vCPU's thread, or delivers nothing and
 * tells which exception it raised. TRUE if it completed; FALSE with *event, registers as before. */
typedef struct TcgEvent TcgEvent;
gboolean tcg_execute_one(TcgCpu *cpu, TcgEvent *event);

/* For tests: runs blocks from rip until something is raised, and tells what. */
void tcg_execute_blocks(TcgCpu *cpu, TcgEvent *event);
