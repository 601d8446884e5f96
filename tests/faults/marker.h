/* No file has this number: closing it marks the place where a program's own work begins. */
#ifndef TESTS_FAULTS_MARKER_H
#define TESTS_FAULTS_MARKER_H

enum { FAULTS_MARKER = 0x5EED };

#endif
