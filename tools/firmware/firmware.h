/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The firmware's table of IOMMUs: a DMAR (Intel VT-d) or an IVRS (AMD-Vi). The
 * code of the drivers reads it (dmar.c, ivrs.c), so the results here are what
 * the drivers make of it, and they have one shape for both kinds:
 *
 *	table ── units ───── devices behind each
 *	      ├─ memory ──── devices for which it is reserved
 *	      ├─ lists ───── devices with properties (ATSR, SATC, SIDP)
 *	      └─ notes ───── errors of the firmware
 *
 * Strings that firmware wrote contain printable characters only. Memory that
 * cannot be allocated ends the program.
 */
#ifndef SLUICE_FIRMWARE_H
#define SLUICE_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The longest path of a DMAR device scope, whose length is one byte */
#define FIRMWARE_PATH_MAX	124
#define FIRMWARE_DEVICE_TEXT	640

enum firmware_kind {
	FIRMWARE_DMAR,
	FIRMWARE_IVRS,
};

enum firmware_device_kind {
	FIRMWARE_FUNCTION,	/* a PCI function, by its path */
	FIRMWARE_BRIDGE,	/* a PCI bridge and everything below, by its path */
	FIRMWARE_RANGE,		/* source-ids @first to @last */
	FIRMWARE_REST,		/* every device of the segment without another unit */
	FIRMWARE_IOAPIC,	/* number @number */
	FIRMWARE_HPET,		/* number @number */
	FIRMWARE_NAMED,		/* a device of the ACPI namespace, by @name */
};

/**
 * struct firmware_device - a device, or devices, that a table names
 * @kind: how it is named
 * @first: source-id; with a path, the one of its first entry
 * @last: last source-id of a range; otherwise @first
 * @has_alias: the devices present @alias in place of their own source-ids
 * @alias: a source-id
 * @no_ats: the table forbids a device-TLB (IVRS)
 * @number: of an IOAPIC or HPET
 * @depth: entries of the path, or 0; a device on the root bus has 1
 * @path: device and function on each bus, from bus @first / 256 downwards
 * @name: ACPI path (DMAR), or hardware id and unique id (IVRS); or NULL
 */
struct firmware_device {
	enum firmware_device_kind kind;
	uint16_t first;
	uint16_t last;
	bool has_alias;
	uint16_t alias;
	bool no_ats;
	uint8_t number;
	unsigned int depth;
	struct {
		uint8_t device;
		uint8_t function;
	} path[FIRMWARE_PATH_MAX];
	char *name;
};

struct firmware_devices {
	struct firmware_device *at;
	size_t nr;
};

/**
 * struct firmware_unit - a unit
 * @offset: of its structure in the table
 * @segment: PCI segment
 * @base: address of its registers
 * @left_out: why the driver does not use it, or NULL
 * @type: of its block (IVRS)
 * @id: its own source-id (IVRS)
 * @has_features: @features is valid (IVRS)
 * @features: copy of the extended feature register
 * @has_node: @node is valid (DMAR)
 * @node: its proximity domain
 * @devices: those behind it
 */
struct firmware_unit {
	size_t offset;
	uint16_t segment;
	uint64_t base;
	const char *left_out;
	uint8_t type;
	uint16_t id;
	bool has_features;
	uint64_t features;
	bool has_node;
	uint32_t node;
	struct firmware_devices devices;
};

/**
 * struct firmware_memory - memory that firmware reserves for devices
 * @offset: of its structure in the table
 * @segment: PCI segment of the devices
 * @first: first byte that the driver reserves, of a page
 * @last: last byte that the driver reserves, of a page
 * @read: the devices may read it
 * @write: the devices may write it; with neither, the driver only keeps its
 *	addresses free of other mappings
 * @exclusion: an exclusion range (IVRS), which the driver uses as memory that is
 *	read and written
 * @left_out: why the driver does not use it, or NULL; then @first and @last are
 *	what firmware wrote
 * @devices: the devices
 */
struct firmware_memory {
	size_t offset;
	uint16_t segment;
	uint64_t first;
	uint64_t last;
	bool read;
	bool write;
	bool exclusion;
	const char *left_out;
	struct firmware_devices devices;
};

enum firmware_list_kind {
	FIRMWARE_ATSR,		/* root ports: device-TLBs are allowed below */
	FIRMWARE_SATC,		/* integrated devices that may use a device-TLB */
	FIRMWARE_SIDP,		/* integrated devices with other properties */
};

/**
 * struct firmware_list - a list of devices with a property
 * @kind: the property
 * @segment: PCI segment of the devices
 * @all: every root port of the segment (ATSR)
 * @required: the devices need their device-TLB (SATC)
 * @devices: the devices
 */
struct firmware_list {
	enum firmware_list_kind kind;
	uint16_t segment;
	bool all;
	bool required;
	struct firmware_devices devices;
};

/**
 * struct firmware_note - an error of the firmware
 * @offset: of the structure in the table
 * @left_out: the driver does not use the structure; otherwise it uses it as
 *	@text says
 * @text: the error, as in the line that the driver logs
 */
struct firmware_note {
	size_t offset;
	bool left_out;
	const char *text;
};

/**
 * struct firmware_table - a table
 * @kind: DMAR or IVRS
 * @refused: why the driver refuses all of it, or NULL; nothing below is set then
 * @refused_at: offset of that error
 * @checksum_ok: the sum of its bytes is 0; the drivers do not ask
 * @width: width of a physical address in bits; 0 if the table does not say
 * @interrupt_remapping: the machine supports it (DMAR)
 * @x2apic_opt_out: firmware asks not to enable x2APIC mode (DMAR)
 * @dma_opt_in: firmware asks to restrict the DMA of all devices (DMAR)
 * @features_valid: the table has valid copies of feature registers (IVRS)
 * @units: the units, in the order of the table
 * @memory: reserved memory, in the order of the table
 * @lists: lists of devices, in the order of the table
 * @notes: errors, in the order of the table
 */
struct firmware_table {
	enum firmware_kind kind;
	const char *refused;
	size_t refused_at;
	bool checksum_ok;
	unsigned int width;
	bool interrupt_remapping;
	bool x2apic_opt_out;
	bool dma_opt_in;
	bool features_valid;
	struct firmware_unit *units;
	size_t nr_units;
	struct firmware_memory *memory;
	size_t nr_memory;
	struct firmware_list *lists;
	size_t nr_lists;
	struct firmware_note *notes;
	size_t nr_notes;
};

/**
 * firmware_read() - read a table
 * @table: filled in; to be freed by firmware_free()
 * @bytes: the table; not used after the call
 * @size: number of bytes
 *
 * Return: 0, also if @table says that the driver refuses it; -EINVAL with
 * nothing to free if the bytes are neither a DMAR nor an IVRS.
 */
int firmware_read(struct firmware_table *table, const void *bytes, size_t size);

/**
 * firmware_free() - free what firmware_read() allocated
 * @table: the table
 */
void firmware_free(struct firmware_table *table);

/**
 * firmware_device_text() - name a device in words
 * @device: the device
 * @text: at least FIRMWARE_DEVICE_TEXT bytes
 *
 * A path reads 00:1c.0/00.0: function 00.0 on the bus below 00:1c.0.
 */
void firmware_device_text(const struct firmware_device *device, char *text);

/**
 * firmware_line() - print a table in one line, without a newline
 * @table: the table
 * @to: where to
 */
void firmware_line(const struct firmware_table *table, FILE *to);

/**
 * firmware_describe() - print a table in words, over many lines
 * @table: the table
 * @to: where to
 */
void firmware_describe(const struct firmware_table *table, FILE *to);

#endif
