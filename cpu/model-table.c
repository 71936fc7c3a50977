/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu/model-table.h"

/* Signatures and features of the generations: Intel SDM vol. 1, 5.1 and vol. 2A, CPUID; AMD's
 * Revision Guides and APM vol. 3, appendix E. What lets a guest be a hypervisor itself (vmx, svm)
 * and what is the host's to steer (monitor, acpi) is in no model: +NAME adds it. Each
 * generation stands on the one that it has all features of. */
#define FEATURES_BASE64                                                                         \
    "fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse " \
    "sse2 pni cx16 syscall nx lm"
#define FEATURES_PENTIUM3                                                         \
    "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 mmx" \
    " fxsr sse"
#define FEATURES_CORE2DUO \
    FEATURES_BASE64       \
    " vme ss ssse3 lahf-lm"
#define FEATURES_PENRYN \
    FEATURES_BASE64     \
    " vme ssse3 sse4.1 lahf-lm"
#define FEATURES_NEHALEM \
    FEATURES_PENRYN      \
    " sse4.2 popcnt"
#define FEATURES_WESTMERE \
    FEATURES_NEHALEM      \
    " pclmulqdq aes arat"
#define FEATURES_SANDYBRIDGE \
    FEATURES_WESTMERE        \
    " x2apic tsc-deadline xsave avx rdtscp xsaveopt"
#define FEATURES_IVYBRIDGE \
    FEATURES_SANDYBRIDGE   \
    " f16c rdrand fsgsbase smep erms"
#define FEATURES_HASWELL \
    FEATURES_IVYBRIDGE   \
    " fma pcid movbe bmi1 hle avx2 bmi2 invpcid rtm abm"
#define FEATURES_BROADWELL \
    FEATURES_HASWELL       \
    " rdseed adx smap 3dnowprefetch"
#define FEATURES_SKYLAKE_CLIENT \
    FEATURES_BROADWELL          \
    " xsavec xgetbv1"
#define FEATURES_SKYLAKE_SERVER \
    FEATURES_SKYLAKE_CLIENT     \
    " avx512f avx512dq clflushopt clwb avx512cd avx512bw avx512vl pku pdpe1gb"
#define FEATURES_CASCADELAKE \
    FEATURES_SKYLAKE_SERVER  \
    " avx512vnni spec-ctrl ssbd"
#define FEATURES_ICELAKE                                             \
    FEATURES_CASCADELAKE                                             \
    " avx512vbmi umip avx512vbmi2 gfni vaes vpclmulqdq avx512bitalg" \
    " avx512-vpopcntdq la57 wbnoinvd"
#define FEATURES_OPTERON_G1 \
    FEATURES_PENTIUM3       \
    " clflush sse2 pni syscall nx lm"
#define FEATURES_OPTERON_G2 \
    FEATURES_BASE64         \
    " vme lahf-lm"
#define FEATURES_OPTERON_G3 \
    FEATURES_OPTERON_G2     \
    " popcnt rdtscp abm sse4a misalignsse"
#define FEATURES_OPTERON_G4 \
    FEATURES_OPTERON_G3     \
    " pclmulqdq ssse3 sse4.1 sse4.2 aes xsave avx pdpe1gb 3dnowprefetch xop fma4"
#define FEATURES_OPTERON_G5 \
    FEATURES_OPTERON_G4     \
    " fma f16c tbm"
#define FEATURES_EPYC                                                               \
    FEATURES_WESTMERE                                                               \
    " fma movbe xsave avx f16c rdrand fsgsbase bmi1 avx2 smep bmi2 rdseed adx smap" \
    " clflushopt sha-ni mmxext fxsr-opt pdpe1gb rdtscp cr8legacy abm sse4a"         \
    " misalignsse 3dnowprefetch osvw topoext xsaveopt xsavec xgetbv1"
#define FEATURES_EPYC_ROME \
    FEATURES_EPYC          \
    " clwb umip rdpid perfctr-core clzero xsaveerptr wbnoinvd ibpb amd-stibp xsaves"
#define FEATURES_EPYC_MILAN \
    FEATURES_EPYC_ROME      \
    " pcid erms invpcid pku fsrm ibrs amd-ssbd"
#define FEATURES_QEMU32 "fpu de pse tsc msr pae mce cx8 apic sep pge cmov pat mmx fxsr sse sse2 pni"
#define FEATURES_KVM32 \
    FEATURES_QEMU32    \
    " mtrr mca pse36 clflush"

const CpuModel cpu_models[] = {
    {.name = "max", .summary = "everything that the accelerator supports"},
    {.name = "host", .summary = "the host's processor (kvm only)"},
    {"qemu64", "a plain 64-bit processor", "AuthenticAMD", 15, 107, 1, 0xd, 0x8000000a,
     "Vitrine Virtual CPU", FEATURES_BASE64 " x2apic lahf-lm"},
    {"kvm64", "the least common processor of 64-bit KVM hosts", "GenuineIntel", 15, 6, 1, 0xd,
     0x80000008, "Common KVM processor", FEATURES_BASE64 " vme x2apic"},
    {"pentium3", "Intel Pentium III, 1999", "GenuineIntel", 6, 7, 3, 0x3, 0, "", FEATURES_PENTIUM3},
    {"core2duo", "Intel Core 2 Duo, 2006", "GenuineIntel", 6, 15, 11, 0xa, 0x80000008,
     "Intel(R) Core(TM)2 Duo CPU     T7700  @ 2.40GHz", FEATURES_CORE2DUO},
    {"Penryn", "Intel Core 2 of 45 nm, 2007", "GenuineIntel", 6, 23, 3, 0xa, 0x80000008,
     "Intel Core 2 Duo P9xxx (Penryn Class Core 2)", FEATURES_PENRYN},
    {"Nehalem", "Intel Core i7 9xx, 2008", "GenuineIntel", 6, 26, 3, 0xb, 0x80000008,
     "Intel Core i7 9xx (Nehalem Class Core i7)", FEATURES_NEHALEM},
    {"Westmere", "Intel Xeon 56xx, 2010", "GenuineIntel", 6, 44, 1, 0xb, 0x80000008,
     "Westmere E56xx/L56xx/X56xx (Nehalem-C)", FEATURES_WESTMERE},
    {"SandyBridge", "Intel Xeon E3-12xx, 2011", "GenuineIntel", 6, 42, 1, 0xd, 0x80000008,
     "Intel Xeon E312xx (Sandy Bridge)", FEATURES_SANDYBRIDGE},
    {"IvyBridge", "Intel Xeon E3-12xx v2, 2012", "GenuineIntel", 6, 58, 9, 0xd, 0x80000008,
     "Intel Xeon E3-12xx v2 (Ivy Bridge)", FEATURES_IVYBRIDGE},
    {"Haswell", "Intel Core of the 4th generation, 2013", "GenuineIntel", 6, 60, 4, 0xd, 0x80000008,
     "Intel Core Processor (Haswell)", FEATURES_HASWELL},
    {"Broadwell", "Intel Core of the 5th generation, 2014", "GenuineIntel", 6, 61, 2, 0xd,
     0x80000008, "Intel Core Processor (Broadwell)", FEATURES_BROADWELL},
    {"Skylake-Client", "Intel Core of the 6th generation, 2015", "GenuineIntel", 6, 94, 3, 0xd,
     0x80000008, "Intel Core Processor (Skylake)", FEATURES_SKYLAKE_CLIENT},
    {"Skylake-Server", "Intel Xeon Scalable, 2017", "GenuineIntel", 6, 85, 4, 0xd, 0x80000008,
     "Intel Xeon Processor (Skylake)", FEATURES_SKYLAKE_SERVER},
    {"Cascadelake-Server", "Intel Xeon Scalable, 2nd generation, 2019", "GenuineIntel", 6, 85, 6,
     0xd, 0x80000008, "Intel Xeon Processor (Cascadelake)", FEATURES_CASCADELAKE},
    {"Icelake-Server", "Intel Xeon Scalable, 3rd generation, 2021", "GenuineIntel", 6, 134, 0, 0xd,
     0x80000008, "Intel Xeon Processor (Icelake)", FEATURES_ICELAKE},
    {"Opteron_G1", "AMD Opteron 240, 2003", "AuthenticAMD", 15, 6, 1, 0x5, 0x80000008,
     "AMD Opteron 240 (Gen 1 Class Opteron)", FEATURES_OPTERON_G1},
    {"Opteron_G2", "AMD Opteron 22xx, 2006", "AuthenticAMD", 15, 6, 1, 0x5, 0x8000000a,
     "AMD Opteron 22xx (Gen 2 Class Opteron)", FEATURES_OPTERON_G2},
    {"Opteron_G3", "AMD Opteron 23xx, 2007", "AuthenticAMD", 16, 2, 3, 0x5, 0x8000000a,
     "AMD Opteron 23xx (Gen 3 Class Opteron)", FEATURES_OPTERON_G3},
    {"Opteron_G4", "AMD Opteron 62xx, 2011", "AuthenticAMD", 21, 1, 2, 0xd, 0x8000001a,
     "AMD Opteron 62xx class CPU", FEATURES_OPTERON_G4},
    {"Opteron_G5", "AMD Opteron 63xx, 2012", "AuthenticAMD", 21, 2, 0, 0xd, 0x8000001a,
     "AMD Opteron 63xx class CPU", FEATURES_OPTERON_G5},
    {"EPYC", "AMD EPYC 7001, 2017", "AuthenticAMD", 23, 1, 2, 0xd, 0x8000001e, "AMD EPYC Processor",
     FEATURES_EPYC},
    {"EPYC-Rome", "AMD EPYC 7002, 2019", "AuthenticAMD", 23, 49, 0, 0xd, 0x8000001e,
     "AMD EPYC-Rome Processor", FEATURES_EPYC_ROME},
    {"EPYC-Milan", "AMD EPYC 7003, 2021", "AuthenticAMD", 25, 1, 1, 0xd, 0x8000001e,
     "AMD EPYC-Milan Processor", FEATURES_EPYC_MILAN},
    {"qemu32", "a plain 32-bit processor", "GenuineIntel", 6, 6, 3, 0x4, 0x80000004,
     "Vitrine Virtual CPU", FEATURES_QEMU32},
    {"kvm32", "the least common processor of 32-bit KVM hosts", "GenuineIntel", 15, 6, 1, 0x5,
     0x80000008, "Common 32-bit KVM processor", FEATURES_KVM32},
    {"base", "nothing but what named features add", "AuthenticAMD", 6, 6, 3, 1, 0x80000008,
     "Vitrine Base CPU", ""},
};

const guint cpu_model_count = G_N_ELEMENTS(cpu_models);
