#!/usr/bin/env bash
#SBATCH --job-name=grader
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --time=04:00:00
# usage: sbatch [--nodes N] [--gpus-per-node N] deploy/slurm.sh SUBMISSIONS RESULTS [options of grader grade]
# Grades on all nodes of the allocation; see docs/cluster.md. Submitted again, it goes on where it was.
set -euo pipefail
submissions=$1 results=$2
shift 2

# A port that is most likely free where several jobs share a head.
port=$((20000 + SLURM_JOB_ID % 20000))
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export RAY_USAGE_STATS_ENABLED=0
# Only who has the token may use this cluster. It is in a file of this account alone, and never in a command line.
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=$HOME/.grader-ray-token-$SLURM_JOB_ID
(umask 077 && head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$RAY_AUTH_TOKEN_PATH")
trap 'rm -f "$RAY_AUTH_TOKEN_PATH"' EXIT

memory=()
[ -z "${SLURM_MEM_PER_NODE:-}" ] || memory=(--memory $((SLURM_MEM_PER_NODE * 9 / 10 * 1048576)))

srun --nodes=1 --ntasks=1 --nodelist="$head" --overlap \
    ray start --head --node-ip-address="$head" --port="$port" --include-dashboard=false \
    --num-cpus="$SLURM_CPUS_ON_NODE" "${memory[@]}" --block &
sleep 15
if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
    srun --nodes=$((SLURM_JOB_NUM_NODES - 1)) --ntasks=$((SLURM_JOB_NUM_NODES - 1)) --exclude="$head" --overlap \
        ray start --address="$head:$port" --num-cpus="$SLURM_CPUS_ON_NODE" "${memory[@]}" --block &
fi
grader grade "$submissions" --out "$results" --runner ray --address "$head:$port" "$@"
