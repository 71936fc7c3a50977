/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers of the command table's rows, by topic. See command.h for what they may do.
 */
#pragma once

#include "monitor/command.h"

/* cmd-run.c */
gboolean cmd_stop(CommandCall *call, GError **error);
gboolean cmd_cont(CommandCall *call, GError **error);
gboolean cmd_system_reset(CommandCall *call, GError **error);
gboolean cmd_system_powerdown(CommandCall *call, GError **error);
gboolean cmd_quit(CommandCall *call, GError **error);
gboolean cmd_exit_preconfig(CommandCall *call, GError **error);
gboolean cmd_nmi(CommandCall *call, GError **error);
gboolean cmd_cpu(CommandCall *call, GError **error);
gboolean cmd_log(CommandCall *call, GError **error);
gboolean cmd_logfile(CommandCall *call, GError **error);

/* cmd-balloon.c */
gboolean cmd_balloon(CommandCall *call, GError **error);
gboolean cmd_info_balloon(CommandCall *call, GError **error);
gboolean qmp_balloon(CommandCall *call, GError **error);
gboolean qmp_query_balloon(CommandCall *call, GError **error);

/* cmd-chardev.c */
gboolean cmd_chardev_add(CommandCall *call, GError **error);
gboolean cmd_chardev_change(CommandCall *call, GError **error);
gboolean cmd_chardev_remove(CommandCall *call, GError **error);
gboolean cmd_chardev_send_break(CommandCall *call, GError **error);
gboolean qmp_chardev_add(CommandCall *call, GError **error);
gboolean qmp_chardev_change(CommandCall *call, GError **error);
gboolean qmp_query_chardev_backends(CommandCall *call, GError **error);
gboolean qmp_ringbuf_read(CommandCall *call, GError **error);
gboolean qmp_ringbuf_write(CommandCall *call, GError **error);

/* cmd-power.c */
gboolean cmd_watchdog_action(CommandCall *call, GError **error);
gboolean cmd_system_wakeup(CommandCall *call, GError **error);
gboolean qmp_set_action(CommandCall *call, GError **error);
gboolean qmp_query_current_machine(CommandCall *call, GError **error);

/* cmd-help.c */
gboolean cmd_help(CommandCall *call, GError **error);
gboolean cmd_info(CommandCall *call, GError **error);

/* cmd-input.c */
gboolean cmd_sendkey(CommandCall *call, GError **error);
gboolean cmd_type(CommandCall *call, GError **error);
gboolean cmd_mouse_move(CommandCall *call, GError **error);
gboolean cmd_mouse_button(CommandCall *call, GError **error);
gboolean cmd_mouse_set(CommandCall *call, GError **error);

/* cmd-screen.c */
gboolean cmd_screendump(CommandCall *call, GError **error);
gboolean cmd_screen_text(CommandCall *call, GError **error);
gboolean cmd_wait_text(CommandCall *call, GError **error);

/* cmd-clipboard.c */
gboolean cmd_clipboard(CommandCall *call, GError **error);
gboolean cmd_type_clipboard(CommandCall *call, GError **error);
gboolean cmd_info_clipboard(CommandCall *call, GError **error);

/* cmd-media.c */
gboolean cmd_change(CommandCall *call, GError **error);
gboolean cmd_eject(CommandCall *call, GError **error);
gboolean cmd_expire_password(CommandCall *call, GError **error);
gboolean cmd_set_password(CommandCall *call, GError **error);

/* cmd-display.c */
gboolean cmd_display_add(CommandCall *call, GError **error);
gboolean cmd_display_del(CommandCall *call, GError **error);
gboolean cmd_info_display(CommandCall *call, GError **error);
gboolean cmd_info_of_frontend(CommandCall *call, GError **error);

/* cmd-memory.c */
gboolean cmd_x(CommandCall *call, GError **error);
gboolean cmd_xp(CommandCall *call, GError **error);
gboolean cmd_print(CommandCall *call, GError **error);
gboolean cmd_port_in(CommandCall *call, GError **error);
gboolean cmd_port_out(CommandCall *call, GError **error);
gboolean cmd_info_mem(CommandCall *call, GError **error);
gboolean cmd_info_tlb(CommandCall *call, GError **error);

/* cmd-block.c */
/* The drive of device= (its id) or id= (its device's), one of which is given; or an error. */
struct Drive *command_drive(CommandCall *call, GError **error);
gboolean qmp_blockdev_open_tray(CommandCall *call, GError **error);
gboolean qmp_blockdev_close_tray(CommandCall *call, GError **error);
gboolean qmp_blockdev_remove_medium(CommandCall *call, GError **error);
gboolean qmp_blockdev_insert_medium(CommandCall *call, GError **error);
gboolean qmp_blockdev_add(CommandCall *call, GError **error);
gboolean qmp_blockdev_del(CommandCall *call, GError **error);
gboolean qmp_block_resize(CommandCall *call, GError **error);
gboolean cmd_block_resize(CommandCall *call, GError **error);
gboolean cmd_commit(CommandCall *call, GError **error);
gboolean cmd_drive_add(CommandCall *call, GError **error);
gboolean cmd_drive_del(CommandCall *call, GError **error);
gboolean cmd_info_block_jobs(CommandCall *call, GError **error);

/* cmd-query-block.c */
gboolean qmp_query_block(CommandCall *call, GError **error);
gboolean qmp_query_named_block_nodes(CommandCall *call, GError **error);
gboolean qmp_query_blockstats(CommandCall *call, GError **error);

/* cmd-dump.c */
gboolean cmd_dump_guest_memory(CommandCall *call, GError **error);
gboolean cmd_memsave(CommandCall *call, GError **error);
gboolean cmd_pmemsave(CommandCall *call, GError **error);
gboolean cmd_gpa2hva(CommandCall *call, GError **error);
gboolean cmd_gpa2hpa(CommandCall *call, GError **error);
gboolean cmd_gva2gpa(CommandCall *call, GError **error);
gboolean cmd_sum(CommandCall *call, GError **error);
gboolean cmd_info_dump(CommandCall *call, GError **error);
gboolean cmd_info_ramblock(CommandCall *call, GError **error);
gboolean cmd_info_roms(CommandCall *call, GError **error);
gboolean qmp_dump_guest_memory(CommandCall *call, GError **error);
gboolean qmp_query_dump(CommandCall *call, GError **error);
gboolean qmp_query_dump_capability(CommandCall *call, GError **error);

/* cmd-info-absent.c */
gboolean cmd_info_absent(CommandCall *call, GError **error);

/* cmd-info-stats.c */
gboolean cmd_info_hotpluggable_cpus(CommandCall *call, GError **error);
gboolean cmd_info_stats(CommandCall *call, GError **error);

/* cmd-memdev.c */
gboolean cmd_info_memdev(CommandCall *call, GError **error);
gboolean qmp_query_memdev(CommandCall *call, GError **error);

/* cmd-gdb.c */
gboolean cmd_gdbserver(CommandCall *call, GError **error);

/* cmd-ringbuf.c */
gboolean cmd_ringbuf_read(CommandCall *call, GError **error);
gboolean cmd_ringbuf_write(CommandCall *call, GError **error);

/* cmd-plug.c */
gboolean cmd_device_add(CommandCall *call, GError **error);
gboolean cmd_device_del(CommandCall *call, GError **error);
gboolean cmd_object_add(CommandCall *call, GError **error);
gboolean cmd_object_del(CommandCall *call, GError **error);
gboolean qmp_device_add(CommandCall *call, GError **error);
gboolean qmp_object_add(CommandCall *call, GError **error);

/* cmd-qom.c */
gboolean cmd_qemu_io(CommandCall *call, GError **error);
gboolean cmd_qom_list(CommandCall *call, GError **error);
gboolean cmd_qom_get(CommandCall *call, GError **error);
gboolean cmd_qom_set(CommandCall *call, GError **error);
gboolean cmd_info_qdm(CommandCall *call, GError **error);
gboolean cmd_info_qom_tree(CommandCall *call, GError **error);
gboolean qmp_qom_list(CommandCall *call, GError **error);
gboolean qmp_qom_get(CommandCall *call, GError **error);
gboolean qmp_qom_set(CommandCall *call, GError **error);
gboolean qmp_qom_list_types(CommandCall *call, GError **error);
gboolean qmp_qom_list_properties(CommandCall *call, GError **error);
gboolean qmp_device_list_properties(CommandCall *call, GError **error);

/* cmd-info.c */
gboolean cmd_info_status(CommandCall *call, GError **error);
gboolean cmd_info_version(CommandCall *call, GError **error);
gboolean cmd_info_name(CommandCall *call, GError **error);
gboolean cmd_info_uuid(CommandCall *call, GError **error);
gboolean cmd_info_kvm(CommandCall *call, GError **error);
gboolean cmd_info_cpus(CommandCall *call, GError **error);
gboolean cmd_info_registers(CommandCall *call, GError **error);
gboolean cmd_info_mtree(CommandCall *call, GError **error);
gboolean cmd_info_qtree(CommandCall *call, GError **error);
gboolean cmd_info_irq(CommandCall *call, GError **error);
gboolean cmd_info_lapic(CommandCall *call, GError **error);
gboolean cmd_info_lock(CommandCall *call, GError **error);
gboolean cmd_info_history(CommandCall *call, GError **error);

/* cmd-info-machine.c */
gboolean cmd_info_memory_size_summary(CommandCall *call, GError **error);
gboolean cmd_info_empty(CommandCall *call, GError **error);
gboolean cmd_info_numa(CommandCall *call, GError **error);
gboolean cmd_info_replay(CommandCall *call, GError **error);
gboolean cmd_info_migrate(CommandCall *call, GError **error);
gboolean cmd_info_snapshots(CommandCall *call, GError **error);
gboolean cmd_info_jit(CommandCall *call, GError **error);
gboolean cmd_singlestep(CommandCall *call, GError **error);
gboolean cmd_boot_set(CommandCall *call, GError **error);

/* cmd-info-io.c */
gboolean cmd_info_mice(CommandCall *call, GError **error);
gboolean cmd_info_block(CommandCall *call, GError **error);
gboolean cmd_info_blockstats(CommandCall *call, GError **error);
gboolean cmd_info_chardev(CommandCall *call, GError **error);
gboolean cmd_info_of_device(CommandCall *call, GError **error);
gboolean cmd_info_usb(CommandCall *call, GError **error);

/* cmd-query.c */
gboolean qmp_query_version(CommandCall *call, GError **error);
gboolean qmp_query_commands(CommandCall *call, GError **error);
gboolean qmp_query_schema(CommandCall *call, GError **error);
gboolean qmp_query_nothing(CommandCall *call, GError **error);
gboolean qmp_query_status(CommandCall *call, GError **error);
gboolean qmp_query_name(CommandCall *call, GError **error);
gboolean qmp_query_uuid(CommandCall *call, GError **error);
gboolean qmp_query_kvm(CommandCall *call, GError **error);
gboolean qmp_query_target(CommandCall *call, GError **error);
gboolean qmp_query_cpus_fast(CommandCall *call, GError **error);
gboolean qmp_query_memory_size(CommandCall *call, GError **error);
gboolean qmp_query_frontends(CommandCall *call, GError **error);

/* cmd-query-io.c */
gboolean qmp_query_mice(CommandCall *call, GError **error);
gboolean qmp_query_chardev(CommandCall *call, GError **error);

/* cmd-query-machine.c */
gboolean qmp_query_machines(CommandCall *call, GError **error);
gboolean qmp_query_cpu_definitions(CommandCall *call, GError **error);
gboolean qmp_query_cpu_model_expansion(CommandCall *call, GError **error);
gboolean qmp_query_hotpluggable_cpus(CommandCall *call, GError **error);

/* cmd-query-view.c */
gboolean qmp_query_vnc(CommandCall *call, GError **error);
gboolean qmp_query_vnc_servers(CommandCall *call, GError **error);
gboolean qmp_query_spice(CommandCall *call, GError **error);
gboolean qmp_query_display_options(CommandCall *call, GError **error);
gboolean qmp_display_reload(CommandCall *call, GError **error);
gboolean qmp_display_update(CommandCall *call, GError **error);

/* cmd-query-more.c */
gboolean qmp_query_devices(CommandCall *call, GError **error);
gboolean qmp_query_text(CommandCall *call, GError **error);
gboolean qmp_query_stats(CommandCall *call, GError **error);
gboolean qmp_query_stats_schemas(CommandCall *call, GError **error);
gboolean qmp_query_command_line(CommandCall *call, GError **error);

/* cmd-fd.c */
gboolean cmd_getfd(CommandCall *call, GError **error);
gboolean cmd_closefd(CommandCall *call, GError **error);
gboolean qmp_add_fd(CommandCall *call, GError **error);
gboolean qmp_remove_fd(CommandCall *call, GError **error);
gboolean qmp_query_fdsets(CommandCall *call, GError **error);
gboolean qmp_add_client(CommandCall *call, GError **error);

/* cmd-query-absent.c */
gboolean qmp_absent(CommandCall *call, GError **error);
gboolean qmp_rtc_reset_reinjection(CommandCall *call, GError **error);
gboolean qmp_migrate_set_capabilities(CommandCall *call, GError **error);

/* cmd-program.c */
gboolean qmp_human_monitor_command(CommandCall *call, GError **error);
gboolean qmp_send_key(CommandCall *call, GError **error);
gboolean qmp_input_send_event(CommandCall *call, GError **error);
gboolean qmp_change_vnc_password(CommandCall *call, GError **error);
gboolean qmp_blockdev_change_medium(CommandCall *call, GError **error);
gboolean qmp_eject(CommandCall *call, GError **error);
