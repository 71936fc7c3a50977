/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 82077AA's registers, in AT mode (section 2), and the device around it. */
#include <string.h>

#include "core/error.h"
#include "core/option.h"
#include "hw/block/fdc-priv.h"
#include "hw/isa/i8237.h"
#include "hw/isa/isa.h"

/* Ports. Status registers A and B are not there in AT mode; port 6 is the disk controller's. */
enum { PORT_DOR = 2, PORT_TDR, PORT_MSR, PORT_FIFO, PORT_DIR = 7 };
#define LOW_PORTS 6

#define MSR_RQM     0x80
#define MSR_TO_HOST 0x40
#define MSR_NON_DMA 0x20
#define MSR_BUSY    0x10

#define DSR_RESET 0x80
#define RATE_MASK 0x03

#define DIR_CHANGED 0x80

#define DEFAULT_RATE 2 /* 250 kbps */

static const IsaResources usual_places[] = {{0x3f0, 6}, {0x370, 6}, {0}};

FloppyDrive *fdc_drive(const Fdc *fdc, guint unit)
{
    return unit < FDC_DRIVES ? fdc->drives[unit] : NULL;
}

gboolean fdc_uses_dma(const Fdc *fdc)
{
    return !(fdc->specify[1] & 1);
}

/* DMAGATE lets INT and DRQ through to the bus (2.1.2). */
static void update_irq(Fdc *fdc)
{
    irq_set(&fdc->irq, fdc->interrupt && (fdc->dor & DOR_DMA));
}

void fdc_set_interrupt(Fdc *fdc, gboolean on)
{
    fdc->interrupt = on;
    update_irq(fdc);
}

/* ---- resets (2.2) ---- */

static void stop(Fdc *fdc)
{
    fdc_transfer_abandon(fdc);
    timer_cancel(&fdc->seek_timer);
    fdc->seeking = fdc->moving = 0;
    fdc->phase = FDC_COMMAND;
    fdc->command_length = fdc->result_length = fdc->result_pos = 0;
    memset(fdc->sense, 0, sizeof(fdc->sense));
    fdc_set_interrupt(fdc, FALSE);
}

/* LOCK keeps the FIFO's settings through resets by software (5.2.7). */
static void soft_reset(Fdc *fdc)
{
    stop(fdc);
    fdc->perpendicular &= 0x3c;
    if (!fdc->locked) {
        fdc->config |= CONFIG_NO_FIFO;
        fdc->config &= (guint8)~CONFIG_THRESHOLD;
        fdc->pretrack = 0;
    }
}

static void write_dor(Fdc *fdc, guint8 value)
{
    guint8 old = fdc->dor;

    fdc->dor = value;
    if ((old & ~value) & DOR_NRESET) {
        soft_reset(fdc);
    } else if ((value & ~old) & DOR_NRESET) {
        fdc_start_poll(fdc);
    }
    update_irq(fdc);
    fdc_update_request(fdc);
}

static void write_dsr(Fdc *fdc, guint8 value)
{
    fdc->rate = value & RATE_MASK;
    if ((value & DSR_RESET) && (fdc->dor & DOR_NRESET)) {
        soft_reset(fdc);
        fdc_start_poll(fdc);
    }
}

/* ---- FIFO and main status ---- */

static guint8 read_msr(Fdc *fdc)
{
    if (!(fdc->dor & DOR_NRESET)) {
        return 0;
    }
    if (fdc->phase == FDC_RESULT) {
        return MSR_RQM | MSR_TO_HOST | MSR_BUSY | fdc->seeking;
    }
    if (fdc->phase == FDC_COMMAND) {
        return MSR_RQM | (fdc->command_length ? MSR_BUSY : 0) | fdc->seeking;
    }
    if (fdc->flow == FDC_FLOW_NONE || fdc_uses_dma(fdc)) {
        return MSR_BUSY | fdc->seeking;
    }
    return MSR_RQM | MSR_NON_DMA | MSR_BUSY | fdc->seeking |
           (fdc->flow == FDC_FLOW_TO_HOST ? MSR_TO_HOST : 0);
}

/* The interrupt of a seek that ended meanwhile is SENSE INTERRUPT STATUS's to take back. */
static gboolean has_seek_to_tell(const Fdc *fdc)
{
    gboolean has = FALSE;

    for (guint n = 0; n < FDC_SELECTS; n++) {
        has |= (fdc->sense[n] & ST0_SEEK_END) != 0;
    }
    return has;
}

static guint8 read_result(Fdc *fdc)
{
    guint8 value = fdc->result[fdc->result_pos++];

    if (!has_seek_to_tell(fdc)) {
        fdc_set_interrupt(fdc, FALSE);
    }
    if (fdc->result_pos == fdc->result_length) {
        fdc->phase = FDC_COMMAND;
        fdc->result_length = fdc->result_pos = 0;
    }
    return value;
}

static guint8 read_fifo(Fdc *fdc)
{
    if (fdc->phase == FDC_RESULT) {
        return read_result(fdc);
    }
    if (fdc->phase == FDC_EXECUTION && fdc->flow == FDC_FLOW_TO_HOST && !fdc_uses_dma(fdc)) {
        return fdc_data_read(fdc);
    }
    device_warn_once(&fdc->device, "data register read without anything to read");
    return 0;
}

static void write_fifo(Fdc *fdc, guint8 value)
{
    if (!(fdc->dor & DOR_NRESET)) {
        return;
    }
    if (fdc->phase == FDC_COMMAND) {
        fdc_command_byte(fdc, value);
    } else if (fdc->phase == FDC_EXECUTION && fdc->flow == FDC_FLOW_FROM_HOST &&
               !fdc_uses_dma(fdc)) {
        fdc_data_write(fdc, value);
    } else {
        device_warn_once(&fdc->device, "data register written while nothing is asked for");
    }
}

/* ---- ports ---- */

static guint64 low_read(void *opaque, guint64 addr, guint size)
{
    Fdc *fdc = opaque;

    switch (addr) {
    case PORT_DOR: return fdc->dor;
    case PORT_TDR: return fdc->tdr;
    case PORT_MSR: return read_msr(fdc);
    case PORT_FIFO: return read_fifo(fdc);
    default: return 0xff;
    }
}

static void low_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Fdc *fdc = opaque;

    switch (addr) {
    case PORT_DOR: write_dor(fdc, (guint8)value); break;
    case PORT_TDR: fdc->tdr = value & 3; break;
    case PORT_MSR: write_dsr(fdc, (guint8)value); break;
    case PORT_FIFO: write_fifo(fdc, (guint8)value); break;
    default: break;
    }
}

static guint64 high_read(void *opaque, guint64 addr, guint size)
{
    Fdc *fdc = opaque;
    const FloppyDrive *floppy = fdc_drive(fdc, fdc->dor & DOR_SELECT);

    return floppy && floppy->changed ? DIR_CHANGED : 0;
}

static void high_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    ((Fdc *)opaque)->rate = value & RATE_MASK;
}

static const IoOps low_io = {low_read, low_write, 1, 1};
static const IoOps high_io = {high_read, high_write, 1, 1};

/* ---- for boards ---- */

static gboolean create_drive(Fdc *fdc, guint unit, const char *id, GError **error)
{
    static const char *const type_names[] = {"144", "288", "120", "none", "auto"};
    g_autoptr(OptionList) options = option_list_new();

    option_list_add(options, "drive", id);
    option_list_add(options, "unit", unit ? "1" : "0");
    option_list_add(options, "drive-type", type_names[fdc->types[unit]]);
    return device_create(fdc->device.machine, &floppy_ops, fdc->bus, NULL, options, error) != NULL;
}

gboolean fdc_create_drives(Device *dev, GError **error)
{
    Fdc *fdc = (Fdc *)dev;

    for (guint unit = 0; unit < FDC_DRIVES; unit++) {
        Drive *drive = drive_find_place(dev->machine, DRIVE_IF_FLOPPY, 0, unit);

        if (drive && !create_drive(fdc, unit, drive->id, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

FloppyType fdc_drive_type(Device *dev, guint unit)
{
    const FloppyDrive *floppy = fdc_drive((Fdc *)dev, unit);

    return floppy ? (FloppyType)floppy->type : FLOPPY_NONE;
}

gboolean fdc_boot_place(Device *dev, guint *unit, gint64 *bootindex)
{
    const FloppyDrive *floppy = (const FloppyDrive *)dev;

    if (dev->ops != &floppy_ops) {
        return FALSE;
    }
    *unit = floppy->unit;
    *bootindex = floppy->fdc->bootindex[floppy->unit];
    return TRUE;
}

/* ---- lifecycle ---- */

static void dma_gone(void *opaque)
{
    ((Fdc *)opaque)->dma = NULL;
}

static const I8237Client dma_client = {fdc_dma_transfer, fdc_dma_moved, dma_gone};

static gboolean claim_dma(Fdc *fdc, GError **error)
{
    Device *dma = isa_bus(&fdc->device)->dma;

    if (!dma || !i8237_attach(dma, (guint)fdc->dma_channel, &dma_client, fdc)) {
        return error_set(error, "isa-fdc: DMA channel %u is not free", (guint)fdc->dma_channel);
    }
    fdc->dma = dma;
    return TRUE;
}

static void unrealize(Device *dev)
{
    Fdc *fdc = (Fdc *)dev;

    fdc_transfer_abandon(fdc);
    timer_cancel(&fdc->seek_timer);
    if (fdc->dma) {
        i8237_attach(fdc->dma, (guint)fdc->dma_channel, NULL, NULL);
    }
    region_finish(&fdc->low_ports);
    region_finish(&fdc->high_port);
}

static gboolean realize(Device *dev, GError **error)
{
    Fdc *fdc = (Fdc *)dev;
    Machine *machine = dev->machine;

    if (!isa_default_resources(dev, usual_places, error) || !claim_dma(fdc, error)) {
        return FALSE;
    }
    timer_init(&fdc->seek_timer, machine->guest_clock, fdc_seek_done, fdc);
    timer_init(&fdc->data_timer, machine->guest_clock, fdc_data_timeout, fdc);
    region_init_io(&fdc->low_ports, "fdc", &low_io, fdc, LOW_PORTS);
    region_init_io(&fdc->high_port, "fdc-dir", &high_io, fdc, 1);
    device_publish_region(dev, &fdc->low_ports);
    device_publish_irq(dev, &fdc->irq);
    isa_map_ports(dev, isa_iobase(dev) + PORT_DIR, &fdc->high_port);
    fdc->bus = bus_create(dev, &floppy_bus_ops, "floppy-bus.0");
    for (guint unit = 0; unit < FDC_DRIVES; unit++) {
        if (fdc->drive_ids[unit] && !create_drive(fdc, unit, fdc->drive_ids[unit], error)) {
            unrealize(dev);
            return FALSE;
        }
    }
    return TRUE;
}

static void reset(Device *dev)
{
    Fdc *fdc = (Fdc *)dev;

    stop(fdc);
    for (guint unit = 0; unit < FDC_DRIVES; unit++) {
        if (fdc->drives[unit]) {
            drive_drain(fdc->drives[unit]->drive);
        }
    }
    fdc->dor = fdc->tdr = 0;
    fdc->rate = DEFAULT_RATE;
    fdc->config = CONFIG_NO_FIFO;
    fdc->pretrack = fdc->perpendicular = 0;
    fdc->locked = FALSE;
    memset(fdc->specify, 0, sizeof(fdc->specify));
    memset(fdc->pcn, 0, sizeof(fdc->pcn));
    update_irq(fdc);
}

static const char *const type_names[] = {"144", "288", "120", "none", "auto", NULL};

#define FIELD(name) G_STRUCT_OFFSET(Fdc, name)
#define TYPE_HELP   "Kind of the drive of -drive if=floppy"

static const OptionSpec isa_fdc_options[] = {
    {"dma", OPTION_UINT, FIELD(dma_channel), "2", "DMA channel", .max = 3},
    {"driveA", OPTION_STRING, FIELD(drive_ids[0]), NULL,
     "Id of a -drive with if=none for the first drive; -device floppy is the other way"},
    {"driveB", OPTION_STRING, FIELD(drive_ids[1]), NULL, "The same for the second drive"},
    {"fdtypeA", OPTION_ENUM, FIELD(types[0]), "auto", TYPE_HELP, .values = type_names},
    {"fdtypeB", OPTION_ENUM, FIELD(types[1]), "auto", TYPE_HELP, .values = type_names},
    {"fallback", OPTION_ENUM, FIELD(fallback), "288", "Kind of a drive that is auto and empty",
     .values = type_names},
    {"check_media_rate", OPTION_BOOL, FIELD(check_rate), "on",
     "Media are readable at their own data rate only"},
    {"bootindexA", OPTION_INT, FIELD(bootindex[0]), "-1",
     "Place of the first drive in the firmware's boot order", .min = (guint64)-1,
     .max = G_MAXINT32},
    {"bootindexB", OPTION_INT, FIELD(bootindex[1]), "-1", "The same of the second drive",
     .min = (guint64)-1, .max = G_MAXINT32},
    OPTION_END,
};

static const StateField run_fields[] = {
    STATE_FIELD(U8, FdcRun, op),
    STATE_FIELD(BOOL, FdcRun, deleted),
    STATE_FIELD(BOOL, FdcRun, multi_track),
    STATE_FIELD(BOOL, FdcRun, mfm),
    STATE_FIELD(BOOL, FdcRun, skip),
    STATE_FIELD(BOOL, FdcRun, counted),
    STATE_FIELD(BOOL, FdcRun, tc),
    STATE_FIELD(U8, FdcRun, unit),
    STATE_FIELD(U8, FdcRun, head),
    STATE_FIELD(U8, FdcRun, side),
    STATE_FIELD(U8, FdcRun, c),
    STATE_FIELD(U8, FdcRun, h),
    STATE_FIELD(U8, FdcRun, r),
    STATE_FIELD(U8, FdcRun, n),
    STATE_FIELD(U8, FdcRun, eot),
    STATE_FIELD(U8, FdcRun, step),
    STATE_FIELD(U8, FdcRun, fill),
    STATE_FIELD(U16, FdcRun, left),
    STATE_FIELD(U16, FdcRun, pos),
    STATE_FIELD(U16, FdcRun, length),
    STATE_FIELD(U8, FdcRun, chunk),
    STATE_FIELD(U8, FdcRun, st1),
    STATE_FIELD(U8, FdcRun, st2),
    STATE_FIELD(U8, FdcRun, order),
    STATE_END,
};

static const StateTable run_state = {1, run_fields, NULL};

/* What is loaded must not lead out of the buffers. */
static gboolean loaded(void *object, GError **error)
{
    const Fdc *fdc = object;
    const FdcRun *run = &fdc->run;

    if (fdc->phase > FDC_RESULT || fdc->flow > FDC_FLOW_FROM_HOST || run->op > FDC_SCAN_HIGH ||
        fdc->command_length >= FDC_COMMANDS || fdc->result_length > FDC_RESULTS ||
        (fdc->phase == FDC_RESULT && fdc->result_pos >= fdc->result_length) ||
        run->length > FDC_SECTOR || (fdc->flow && run->pos >= run->length) ||
        run->unit >= FDC_SELECTS || run->head > 1) {
        return error_set(error, "the floppy controller's state makes no sense");
    }
    return TRUE;
}

static const StateField isa_fdc_fields[] = {
    STATE_FIELD(U8, Fdc, dor),
    STATE_FIELD(U8, Fdc, tdr),
    STATE_FIELD(U8, Fdc, rate),
    STATE_ARRAY(U8, Fdc, specify),
    STATE_FIELD(U8, Fdc, config),
    STATE_FIELD(U8, Fdc, pretrack),
    STATE_FIELD(U8, Fdc, perpendicular),
    STATE_FIELD(BOOL, Fdc, locked),
    STATE_ARRAY(U8, Fdc, pcn),
    STATE_ARRAY(U8, Fdc, sense),
    STATE_FIELD(BOOL, Fdc, interrupt),
    STATE_FIELD(U8, Fdc, seeking),
    STATE_FIELD(U8, Fdc, moving),
    STATE_ARRAY(U8, Fdc, seek_status),
    STATE_FIELD(TIMER, Fdc, seek_timer),
    STATE_FIELD(U8, Fdc, phase),
    STATE_FIELD(U8, Fdc, flow),
    STATE_ARRAY(U8, Fdc, command),
    STATE_FIELD(U8, Fdc, command_length),
    STATE_ARRAY(U8, Fdc, result),
    STATE_FIELD(U8, Fdc, result_length),
    STATE_FIELD(U8, Fdc, result_pos),
    {"run", STATE_STRUCT, G_STRUCT_OFFSET(Fdc, run), 1, sizeof(FdcRun), 1, &run_state},
    STATE_ARRAY(U8, Fdc, buffer),
    STATE_ARRAY(U8, Fdc, host),
    STATE_FIELD(TIMER, Fdc, data_timer),
    STATE_FIELD(BOOL, Fdc, ending),
    STATE_END,
};

static const StateTable isa_fdc_state = {1, isa_fdc_fields, loaded};

const DeviceOps isa_fdc_ops = {
    .name = "isa-fdc",
    .summary = "floppy disk controller (82077AA)",
    .category = "Storage",
    .bus = BUS_ISA,
    .size = sizeof(Fdc),
    .options = isa_fdc_options,
    .state = &isa_fdc_state,
    .realize = realize,
    .unrealize = unrealize,
    .reset = reset,
    .no_hotplug = TRUE,
};
