/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu/model-table.h"

/* Signatures and features of the generations: Intel SDM vol. 1, 5.1 and vol. 2A, CPUID; AMD's
 * Revision Guides and APM vol. 3, appendix E. What lets a guest be a hypervisor itself (vmx, svm)
 * and what is the host's to steer (monitor, acpi) is in no model: +NAME adds it. Each
 * generation stands on the one that it has all features of. */
#define FEATURES_BASE64                                                                         \
    "fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse " \
    "sse2 pni cx16 syscall nx lm"
#define FEATURES_PENTIUM  "fpu de pse tsc msr mce cx8 apic mmx"
#define FEATURES_PENTIUM2 FEATURES_PENTIUM " pae sep mtrr pge mca cmov pat pse36 fxsr"
#define FEATURES_PENTIUM3                                                         \
    "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 mmx" \
    " fxsr sse"
#define FEATURES_CORE2DUO \
    FEATURES_BASE64       \
    " vme ss ssse3 lahf-lm"
#define FEATURES_COREDUO                                                                          \
    "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat clflush mmx fxsr sse sse2" \
    " ss pni nx"
#define FEATURES_ATOM \
    FEATURES_COREDUO  \
    " ssse3 movbe lahf-lm"
#define FEATURES_CONROE                                                                     \
    "vme ssse3 lahf-lm fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36" \
    " clflush mmx fxsr sse sse2 pni syscall nx lm"
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
#define FEATURES_COOPERLAKE \
    FEATURES_CASCADELAKE    \
    " avx512-bf16 stibp arch-capabilities"
#define FEATURES_KNIGHTS_MILL                                                        \
    FEATURES_IVYBRIDGE                                                               \
    " ss fma movbe bmi1 avx2 bmi2 abm avx512f rdseed adx avx512pf avx512er avx512cd" \
    " avx512-vpopcntdq avx512-4vnniw avx512-4fmaps pdpe1gb 3dnowprefetch"
#define FEATURES_DENVERTON                                                                  \
    FEATURES_WESTMERE                                                                       \
    " x2apic movbe tsc-deadline xsave rdrand fsgsbase smep erms mpx rdseed smap clflushopt" \
    " sha-ni spec-ctrl arch-capabilities ssbd pdpe1gb rdtscp 3dnowprefetch xsaveopt xsavec" \
    " xgetbv1"
#define FEATURES_SNOWRIDGE \
    FEATURES_DENVERTON     \
    " clwb umip gfni cldemote movdiri movdir64b core-capability"
#define FEATURES_ICELAKE                                             \
    FEATURES_CASCADELAKE                                             \
    " avx512vbmi umip avx512vbmi2 gfni vaes vpclmulqdq avx512bitalg" \
    " avx512-vpopcntdq la57 wbnoinvd"
#define FEATURES_ATHLON \
    FEATURES_PENTIUM3   \
    " sse2 mmxext 3dnowext 3dnow"
#define FEATURES_PHENOM \
    FEATURES_BASE64     \
    " vme popcnt mmxext fxsr-opt pdpe1gb rdtscp 3dnowext 3dnow lahf-lm abm sse4a"
#define FEATURES_DHYANA                                                             \
    FEATURES_NEHALEM                                                                \
    " fma movbe xsave avx f16c rdrand fsgsbase bmi1 avx2 smep bmi2 rdseed adx smap" \
    " clflushopt mmxext fxsr-opt pdpe1gb rdtscp cr8legacy abm sse4a misalignsse"    \
    " 3dnowprefetch osvw topoext ibpb xsaveopt xsavec xgetbv1 arat"
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
    {"486", "Intel 486 DX4, 1994", "GenuineIntel", 4, 8, 0, 1, 0, "", "fpu vme pse"},
    {"pentium", "Intel Pentium MMX, 1997", "GenuineIntel", 5, 4, 3, 1, 0, "",
     FEATURES_PENTIUM " vme"},
    {"pentium2", "Intel Pentium II, 1997", "GenuineIntel", 6, 5, 2, 2, 0, "",
     FEATURES_PENTIUM2 " vme"},
    {"pentium3", "Intel Pentium III, 1999", "GenuineIntel", 6, 7, 3, 0x3, 0, "", FEATURES_PENTIUM3},
    {"coreduo", "Intel Core Duo, 2006", "GenuineIntel", 6, 14, 8, 0xa, 0x80000008,
     "Genuine Intel(R) CPU           T2600  @ 2.16GHz", FEATURES_COREDUO},
    {"n270", "Intel Atom N270, 2008", "GenuineIntel", 6, 28, 2, 0xa, 0x80000008,
     "Intel(R) Atom(TM) CPU N270   @ 1.60GHz", FEATURES_ATOM},
    {"Conroe", "Intel Core 2 of 65 nm, 2006", "GenuineIntel", 6, 15, 3, 0xa, 0x80000008,
     "Intel Celeron_4x0 (Conroe/Merom Class Core 2)", FEATURES_CONROE},
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
    {"Cooperlake", "Intel Xeon Scalable, 3rd generation, 2020", "GenuineIntel", 6, 85, 10, 0xd,
     0x80000008, "Intel Xeon Processor (Cooperlake)", FEATURES_COOPERLAKE},
    {"Icelake-Server", "Intel Xeon Scalable, 3rd generation, 2021", "GenuineIntel", 6, 134, 0, 0xd,
     0x80000008, "Intel Xeon Processor (Icelake)", FEATURES_ICELAKE},
    {"KnightsMill", "Intel Xeon Phi 72x5, 2017", "GenuineIntel", 6, 133, 0, 0xd, 0x80000008,
     "Intel Xeon Phi Processor (Knights Mill)", FEATURES_KNIGHTS_MILL},
    {"Denverton", "Intel Atom C3000, 2017", "GenuineIntel", 6, 95, 1, 0x15, 0x80000008,
     "Intel Atom Processor (Denverton)", FEATURES_DENVERTON},
    {"Snowridge", "Intel Atom P5900, 2020", "GenuineIntel", 6, 134, 1, 0x1b, 0x80000008,
     "Intel Atom Processor (SnowRidge)", FEATURES_SNOWRIDGE},
    {"athlon", "AMD Athlon, 1999", "AuthenticAMD", 6, 2, 3, 2, 0x80000008, "Vitrine Virtual CPU",
     FEATURES_ATHLON},
    {"phenom", "AMD Phenom 9550, 2008", "AuthenticAMD", 16, 2, 3, 5, 0x8000001a,
     "AMD Phenom(tm) 9550 Quad-Core Processor", FEATURES_PHENOM},
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
    {"Dhyana", "Hygon Dhyana, 2018", "HygonGenuine", 24, 0, 1, 0xd, 0x8000001e,
     "Hygon Dhyana Processor", FEATURES_DHYANA},
    {"qemu32", "a plain 32-bit processor", "GenuineIntel", 6, 6, 3, 0x4, 0x80000004,
     "Vitrine Virtual CPU", FEATURES_QEMU32},
    {"kvm32", "the least common processor of 32-bit KVM hosts", "GenuineIntel", 15, 6, 1, 0x5,
     0x80000008, "Common 32-bit KVM processor", FEATURES_KVM32},
    {"base", "nothing but what named features add", "AuthenticAMD", 6, 6, 3, 1, 0x80000008,
     "Vitrine Base CPU", ""},
};

const guint cpu_model_count = G_N_ELEMENTS(cpu_models);
